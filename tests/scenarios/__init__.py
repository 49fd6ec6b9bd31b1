"""Every shipped scenario, with its mitigations and without them."""
