"""What tests of training share: a tiny town, replayed and trained on once."""

from tests.support.sim.small_training import history, recorded, report

__all__ = ["history", "recorded", "report"]
