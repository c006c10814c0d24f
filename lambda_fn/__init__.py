"""The Lambda function: answers API Gateway events with predictions."""

__version__ = "0.1.0"
