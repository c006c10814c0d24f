"""The function, its deployment and the models it reads."""
