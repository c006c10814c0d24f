"""Compares servers over HTTP: the service, its peers, and one that answers a constant."""
