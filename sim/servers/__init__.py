"""Kafka and Redis on this machine, for a first look and for tests: real servers on loopback, in their own folder."""
