"""The task digit_images: which digit each image shows."""
