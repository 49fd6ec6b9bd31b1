"""An interrupt is heard wherever it comes."""

import subprocess
import sys

from tests.support.repository import ROOT

IN_A_CALLBACK = """
import os, signal, time, weakref
from sim.signals import listen

class Thing: pass

def callback(_):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.1)

listen()
try:
    thing = Thing()
    reference = weakref.ref(thing, callback)
    del thing
    time.sleep(10)
    print("lost")
except KeyboardInterrupt:
    print("heard")
"""


def test_interrupt_that_nothing_can_raise_is_raised_a_moment_later() -> None:
    """In a callback of the interpreter, as while modules are imported, Python drops it and prints a trace."""
    done = subprocess.run([sys.executable, "-c", IN_A_CALLBACK], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("heard\n", "")


WHILE_A_VERDICT_IS_TOLD = IN_A_CALLBACK.replace(
    '    time.sleep(10)\n    print("lost")\n',
    '    with unheard():\n        time.sleep(0.1)\n    print("told")\n',
).replace("import listen", "import listen, unheard")


def test_interrupt_that_comes_again_meets_whatever_handles_it_by_then() -> None:
    """While a verdict is told none is heard, and one that was dropped before is not heard either."""
    assert "unheard" in WHILE_A_VERDICT_IS_TOLD
    command = [sys.executable, "-c", WHILE_A_VERDICT_IS_TOLD]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("told\n", "")
