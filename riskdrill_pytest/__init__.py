"""The plugin of pytest that comes with riskdrill: a drill as a test.

It imports nothing of the packages that run drills: a project may have a `sim` or an `actors` of its own, and its tests
import that. A drill runs in a process of its own, which has ours.
"""
