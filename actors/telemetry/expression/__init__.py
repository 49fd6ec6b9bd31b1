"""Conditions over metrics: parsed from text, checked, evaluated."""
