"""What a run leaves behind: one folder, every file of it."""
