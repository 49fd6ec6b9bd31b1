"""An interrupt is heard wherever it comes."""

import os
import subprocess
import sys
from pathlib import Path

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
    '    with unheard() as presses:\n        time.sleep(0.1)\n    print("told", presses.count)\n',
).replace("import listen", "import listen, unheard")


def test_interrupt_that_comes_again_meets_whatever_handles_it_by_then() -> None:
    """While a verdict is told none ends anything, nor does one that was dropped before; it is counted."""
    assert "unheard" in WHILE_A_VERDICT_IS_TOLD
    command = [sys.executable, "-c", WHILE_A_VERDICT_IS_TOLD]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("told 1\n", "")


WHILE_AN_IMPORT_GOES_ON = """
import sys
from pathlib import Path
from sim import signals
from sim.signals import listen

listen()
try:
    import interrupted
    time.sleep(10)
    print("lost")
except KeyboardInterrupt:
    print("heard", "imported" if "interrupted" in sys.modules else "not imported")
""".replace("import sys", "import sys, time")
INTERRUPTED = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(100): time.sleep(0.001)\n"


def test_interrupt_waits_for_an_import_to_end(tmp_path: Path) -> None:
    """A package that is imported may take what is raised in it for its own failure."""
    assert _heard_while_importing(tmp_path, WHILE_AN_IMPORT_GOES_ON) == "heard imported\n"


def test_import_that_does_not_end_is_interrupted(tmp_path: Path) -> None:
    """It is waited for no longer than a slow disk needs."""
    hasty = WHILE_AN_IMPORT_GOES_ON.replace("listen()\n", "listen()\nsignals.IMPORT_S = 0.02\n", 1)
    assert hasty != WHILE_AN_IMPORT_GOES_ON
    assert _heard_while_importing(tmp_path, hasty) == "heard not imported\n"


def _heard_while_importing(folder: Path, script: str) -> str:
    (folder / "interrupted.py").write_text(INTERRUPTED)
    command = [sys.executable, "-c", script]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout
