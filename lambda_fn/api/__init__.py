"""The HTTP API: its routes, and the events of the gateway in front of it."""
