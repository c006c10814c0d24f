"""The function: an API Gateway event goes in, the digits that its images show come out."""

__version__ = "0.1.0"
