"""The REST API, its throttle, its own error responses and its firewall."""
