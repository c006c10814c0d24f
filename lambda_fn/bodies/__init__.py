"""Reads what a request carries: its encoding, JSON arrays, files, forms and links."""
