"""Measuring what each job costs on this machine, for runs on virtual time."""
