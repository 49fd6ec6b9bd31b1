"""Laws of a run and its parts."""
