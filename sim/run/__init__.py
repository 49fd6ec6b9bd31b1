"""One run, from a scenario to a verdict."""
