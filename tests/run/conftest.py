"""What tests of runs share: the small model that tests of the model use."""

from tests.support.actors.small_model import fitted

__all__ = ["fitted"]
