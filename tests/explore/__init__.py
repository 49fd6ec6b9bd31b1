"""Laws of exploring and shrinking."""
