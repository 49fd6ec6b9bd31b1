"""A run leaves behind what happened, whole, and nothing of anybody else's harmed."""
