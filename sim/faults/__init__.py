"""What fails, on purpose: kinds of faults by what they break, each wrapping a port, each always undone."""
