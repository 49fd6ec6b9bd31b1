"""A file of transactions looked at, and a section proposed that replays it; nothing here decides anything in a run."""
