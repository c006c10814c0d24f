"""The dashboard of the service and the dashboard of the model."""
