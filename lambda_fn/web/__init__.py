"""What people look at: the console, the API's description, and Swagger UI on it."""
