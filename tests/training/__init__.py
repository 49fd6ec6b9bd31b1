"""Training: its parts, and the models it makes."""
