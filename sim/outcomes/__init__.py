"""Every decision of a run with its truth, and what that comes to: money, quality, timeliness."""
