"""Blind drills: a scenario that hides what it is, and the debrief of whoever sat at its screen."""
