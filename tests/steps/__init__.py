"""Steps: what is done to the pipeline without anything failing."""
