"""Legitimate habits that look like fraud, one a file: spree, binge."""
