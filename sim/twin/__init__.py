"""The counterfactual twin: one scenario with and without its faults, same seed, compared transaction by transaction."""
