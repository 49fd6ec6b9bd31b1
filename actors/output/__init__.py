"""What leaves the pipeline: decisions delivered, decisions logged, dead letters."""
