"""Copies of the world that a model was trained on, so that a run can have more cards than history has.

The training world is copy 0 and its names carry a 0: ``c0-17``, ``m0-3``, ``d0-9``. The same card in copy 7 is
``c7-17``: another card with the same profile, and with the past of ``c0-17`` as its own. A copy that becomes active
later than the history's end has that past shifted in event time, so that its cards do not look idle.
"""
