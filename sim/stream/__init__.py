"""Runs on Kafka and Redis: workers in processes of their own, and the run that coordinates them."""
