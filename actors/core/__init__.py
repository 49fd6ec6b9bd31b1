"""What all parts of the pipeline stand on: time, errors, transactions in batches, compiled code."""
