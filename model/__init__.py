"""The model repository: a folder a model, with its notebooks, its data and its versions."""
