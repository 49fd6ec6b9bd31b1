"""The ports' real counterparts: files, Kafka, Redis and Feast, and the only place that imports their libraries."""
