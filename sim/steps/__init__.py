"""What is done to the pipeline on purpose, without anything failing."""
