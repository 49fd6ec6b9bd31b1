"""What tests of models share: a small model and its folder."""

from tests.support.actors.small_model import fitted, folder

__all__ = ["fitted", "folder"]
