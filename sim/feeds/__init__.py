"""Feeds: blocks of transactions, made here or ahead of time in another process, for a run that sends them."""
