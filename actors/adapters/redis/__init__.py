"""Redis: where state is kept that does not die with a worker. Only here is its client imported, and not before use."""
