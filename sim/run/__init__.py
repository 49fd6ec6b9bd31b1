"""One run, from a scenario to a verdict: checked, planned, composed, carried out, watched and written down."""
