"""From features to a decision.

An artifact is verified before it is loaded, served by an engine, and judged by a policy, or by rules when it cannot be.
"""
