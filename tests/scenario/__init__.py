"""A scenario file is a scenario, or a list of located problems."""
