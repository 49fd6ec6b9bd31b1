"""The laboratory around the pipeline: it makes the world, breaks what a scenario says, and judges what happened."""
