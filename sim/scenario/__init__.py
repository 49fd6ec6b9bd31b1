"""The scenario file: a YAML experiment as typed, checked, frozen values."""
