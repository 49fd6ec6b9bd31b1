"""Every shipped scenario thinned and run, one after another in one process.

``python -m tests.support.thinned MODEL FOLDER forwards|backwards`` leaves each one's files in a folder of its name.
"""

import sys
from pathlib import Path

from sim.cli import main
from sim.scenario.loader import load
from sim.trials.determinism import COMPLETED
from tests.support.drills import thinning
from tests.support.model_cache import earlier_model
from tests.support.repository import scenarios

SHIPPED = [path for path in scenarios() if not load(path, files_required=False).external]


def run_all(model: Path, folder: Path, order: int) -> None:
    """Run them, first to last or, with ``order`` -1, last to first."""
    candidate = earlier_model(model)
    for scenario in SHIPPED[::order]:
        overrides = [word for each in thinning(scenario, candidate=candidate) for word in ("--set", each)]
        options = ["--model", str(model), "--clock", "virtual", "--tui", "off", "--out", str(folder / scenario.stem)]
        code = main(["run", str(scenario), *options, *overrides])
        if code not in COMPLETED:
            sys.exit(f"{scenario}: ended with {code}")


if __name__ == "__main__":
    run_all(Path(sys.argv[1]), Path(sys.argv[2]), {"forwards": 1, "backwards": -1}[sys.argv[3]])
