"""What tests of runs share: the small model that tests of the model use."""

from tests.model.conftest import fitted

__all__ = ["fitted"]
