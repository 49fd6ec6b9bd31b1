"""One run on the virtual clock that tests of pages share, with a fault, an alert and a name that HTML knows of."""

from pathlib import Path

import pytest

from sim.page.writing import report_of
from sim.run.command import Request, run_scenario

SCENARIO = """
version: 1
name: hostile
clock: virtual
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


@pytest.fixture(scope="session")
def run_folder(world_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of that run, its report in it."""
    folder = tmp_path_factory.mktemp("page")
    file = folder / "hostile.yaml"
    file.write_text(SCENARIO)
    run_scenario(Request(file, world_model, ("seed=7",), out=folder / "run", tui="off", report=report_of))
    return folder / "run"
