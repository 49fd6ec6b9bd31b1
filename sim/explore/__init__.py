"""Looking for what breaks: one scenario many times, with other seeds and its faults at other times."""
