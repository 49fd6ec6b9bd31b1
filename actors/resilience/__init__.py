"""What keeps one failure from becoming many, each piece stands around a port or is asked by an actor."""
