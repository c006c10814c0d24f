"""Other services for the same model, written as their tools suggest; each has its own environment."""
