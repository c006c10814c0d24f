"""Colours of the lines in the dashboards."""

BLUE, ORANGE, RED, GREEN, GREY = "#1f5fa8", "#e9a23b", "#c0392b", "#2a9d8f", "#9aa3ad"
COLORS = (BLUE, ORANGE, RED, GREEN, "#7d5ba6", "#8c6239", "#d977a8", "#5f6b76", "#a3b02e", "#4fb3d9")
