"""A disk that is nearly full from the start, for tests of what a run does without room."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """Mount a disk of ``size``, as in 64k, at ``place`` for as long as the context lasts; skip where none can be."""
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    place.mkdir()
    if mount is None or unmount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    if subprocess.run([mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=False).returncode:
        pytest.skip("this system lets no one mount a small disk")
    try:
        yield place
    finally:
        subprocess.run([unmount, str(place)], check=True)
