"""What tests of steps share: the small model that tests of the model use."""

from tests.model.conftest import fitted

__all__ = ["fitted"]
