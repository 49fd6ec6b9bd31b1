"""How the alerts of a scenario do over many seeds, and how a threshold would change that."""
