"""Laws of the clocks."""
