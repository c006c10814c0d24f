"""Other services for the same model, as the users of their tools write them; each has an environment of its own."""
