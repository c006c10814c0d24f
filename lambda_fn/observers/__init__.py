"""Observers see each request after its answer is made. None can change the answer or make it fail."""
