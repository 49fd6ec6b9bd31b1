"""Changes of a run by hand: what may be asked, what is made of it, and the scenario that plays it again."""
