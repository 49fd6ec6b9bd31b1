"""Steps: what a scenario does to the pipeline on purpose without breaking anything, such as releasing a model."""
