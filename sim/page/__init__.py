"""Pages to hand round: what a run, two runs, a twin or an exploration came to, each in one file without a network."""
