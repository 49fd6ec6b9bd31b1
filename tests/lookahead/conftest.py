"""The small model that the tests of the model have, for the tests here."""

from tests.support.actors.small_model import fitted

__all__ = ["fitted"]
