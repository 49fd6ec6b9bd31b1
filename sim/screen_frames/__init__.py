"""What the screen is sent: the parts of a run as frames."""
