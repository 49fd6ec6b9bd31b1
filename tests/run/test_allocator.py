"""The C library's allocator."""

import subprocess
import sys

import pytest

from sim.run.machine import give_back_large_blocks

PROGRAM = """
import numpy as np, psutil
from sim.run.machine import give_back_large_blocks
give_back_large_blocks()
np.ones(1 << 22)  # 32 MB, freed at once: glibc would now take smaller ones from the heap
resident = psutil.Process().memory_info
pairs = [(np.ones(1 << 19), np.ones(1 << 10)) for _ in range(30)]  # 4 MB each, with something small behind
before = resident().rss
pairs = [small for _, small in pairs]
print((before - resident().rss) >> 20)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc can be told")
def test_large_blocks_go_back_to_the_system() -> None:
    """Freed tables leave no holes, whatever is allocated behind them."""
    if not give_back_large_blocks():
        pytest.skip("this C library is not glibc")
    freed = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert int(freed.stdout) > 100
