"""Laws of the actors."""
