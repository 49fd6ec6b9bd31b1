"""What other systems read of a run while it lasts: an endpoint in a process of its own, fed with readings."""
