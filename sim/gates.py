"""Gates: what a model must reach on later data, or its training is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from sim.scenario.events import Gates
from sim.scenario.problems import InvalidScenarioError, Problem
from sim.scenario.yaml_nodes import compose, read_text
from sim.scenario.yaml_reader import YamlReader

# Each figure's words, and whether more is better.
FIGURES: Final = {
    "roc_auc": ("ROC-AUC", True),
    "average_precision": ("average precision", True),
    "precision_at_recall_70": ("precision at recall 0.70", True),
    "brier_score": ("Brier score", False),
    "brier_skill": ("Brier skill", True),
    "calibration_error": ("calibration error", False),
}


@dataclass(frozen=True, slots=True)
class Gate:
    """One figure and its limit: a least value where more is better, else a greatest."""

    figure: str
    limit: float

    def passes(self, value: float | None) -> bool:
        """Tell whether ``value`` is on the right side; a figure that could not be computed is not."""
        if value is None:
            return False
        return value >= self.limit if FIGURES[self.figure][1] else value <= self.limit

    def complaint(self, value: float | None) -> str:
        """Return the line that says by how much the gate was missed."""
        words, more_is_better = FIGURES[self.figure]
        bound = "at least" if more_is_better else "at most"
        return f"{words} must be {bound} {self.limit:g}, got {'no value' if value is None else f'{value:.4f}'}"


DEFAULT_GATES: Final = (
    Gate("roc_auc", 0.95),
    Gate("precision_at_recall_70", 0.50),
    Gate("brier_score", 0.03),
    Gate("brier_skill", 0.40),  # at 1 % fraud a constant already has a Brier score of 0.0099
    Gate("calibration_error", 0.01),
)


def gates_of(limits: Mapping[str, float | None]) -> tuple[Gate, ...]:
    """Return gates from figure and limit. Any limit given replaces all defaults; None counts as not given."""
    given = tuple(Gate(name, limit) for name, limit in limits.items() if limit is not None)
    return given or DEFAULT_GATES


def said_gates(said: Gates) -> tuple[Gate, ...]:
    """Return the gates that a scenario or a file of gates says, in their order."""
    return gates_of(msgspec.structs.asdict(said))


def read_gates(file: Path) -> tuple[Gate, ...]:
    """Return the gates in a YAML file of lines such as ``roc_auc: 0.86``, which is read as a scenario's gates are.

    Raises:
        InvalidScenarioError: it cannot be read, or is not such a mapping; with every problem of it.
    """
    root = compose(read_text(file), str(file))
    if root is None or not getattr(root, "value", None):
        remedy = "write one line a gate, such as roc_auc: 0.86"
        raise InvalidScenarioError([Problem(f"{file}:1:1", "", "the file has no gates", remedy=remedy)])
    reader = YamlReader(file.parent)
    said = reader.read_struct(root, Gates, "")
    if reader.problems:
        raise InvalidScenarioError(reader.problems)
    return said_gates(said)


def missed(gates: tuple[Gate, ...], figures: Mapping[str, float | None]) -> tuple[str, ...]:
    """Return one line for each gate that ``figures`` do not pass."""
    return tuple(
        gate.complaint(figures.get(gate.figure)) for gate in gates if not gate.passes(figures.get(gate.figure))
    )
