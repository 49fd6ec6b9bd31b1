"""The small model that the tests of the model have, for the tests here."""

from tests.model.conftest import fitted

__all__ = ["fitted"]
