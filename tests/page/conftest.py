"""The runs that tests of pages share."""

from tests.support.pages import other_run, run_folder

__all__ = ["other_run", "run_folder"]
