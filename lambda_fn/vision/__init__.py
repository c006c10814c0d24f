"""Finds ink, lines and connected pieces in images of paper."""
