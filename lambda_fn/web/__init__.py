"""The pages and documents for people: the console, Swagger UI and the OpenAPI document."""
