"""Apache Kafka as the pipeline's source and sink, and as what a run and its workers talk over.

A transaction of Kafka's is an *epoch*: a few rows of each partition, whose decisions and offsets are committed together
once each row has ended. The client's calls block, so they are made in one thread of their own.
"""
