"""Laws of trials."""
