"""What a scenario can break, one kind a file: each fault wraps a port and is always lifted."""
