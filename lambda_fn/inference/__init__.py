"""Model versions: their contracts, where they are stored, how they are verified and run."""
