"""Alerts: their rules, built in or a scenario's, their life, and the engine that evaluates them."""
