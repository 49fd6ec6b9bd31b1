"""One run on the virtual clock that tests of pages share, with a fault, an alert and words that HTML knows of."""

from pathlib import Path

import pytest

from sim.page.writing import report_of
from sim.run.command import Request, run_scenario

SCENARIO = """
version: 1
name: hostile
clock: virtual
# addresses of servers have passwords: redis://me:s3cret@127.0.0.1:6379
hypothesis: "A store that is down </script><script>alert(1)</script> costs <b>nothing</b> & no one."
# a comment with </pre><img src=x onerror=alert(2)>
phases:
  - {name: calm, duration: 3s, rate: 200}
  - {name: outage, duration: 4s, rate: 200}
  - {name: after, duration: 3s, rate: 200}
faults:
  - {name: store-down, kind: feature_store_outage, at: 3s, duration: 4s}
expect:
  - {name: tail, expr: "latency.p95 < 50ms"}
  - {name: seen, during: store-down, alert: FeatureStoreMisses, fires_within: 4s}
"""


def run_hostile(model: Path, folder: Path, *overrides: str) -> Path:
    """Run that scenario; return the folder of the run, its report in it."""
    file = folder / "hostile.yaml"
    file.write_text(SCENARIO)
    out = folder / "run"
    run_scenario(Request(file, model, overrides, out=out, tui="off", report=report_of))
    return out


@pytest.fixture(scope="session")
def run_folder(world_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of that run."""
    return run_hostile(world_model, tmp_path_factory.mktemp("page"), "seed=7")


@pytest.fixture(scope="session")
def other_run(world_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the same run without the fault."""
    return run_hostile(world_model, tmp_path_factory.mktemp("other"), "seed=7", "faults=[]", "expect=[]")
