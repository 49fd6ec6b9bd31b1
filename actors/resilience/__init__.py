"""What keeps one failure from becoming many, each piece wrapped around a port or asked by an actor."""
