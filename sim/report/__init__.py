"""What a run leaves behind: one folder of files with stable names and keys."""
