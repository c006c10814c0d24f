"""The digits: one handwritten digit an image."""
