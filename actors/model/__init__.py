"""The model as it serves: from a folder on disk to decisions."""
