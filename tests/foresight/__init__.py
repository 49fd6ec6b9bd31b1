"""Foresight: computing ahead changes no bit."""
