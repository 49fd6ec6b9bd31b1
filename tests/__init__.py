"""The laws that hold here, one a test."""
