"""What keeps one failure from becoming many, each piece wrapped around a port."""
