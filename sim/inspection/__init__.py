"""Looking at a file of transactions and proposing a section that replays it; a run uses none of it."""
