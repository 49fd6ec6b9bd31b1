"""The workers of a run on a stream: a row each, the busiest trouble in colour."""

from typing import Final

from rich.style import Style

from dashboard.frame import Frame, Part, Section
from dashboard.panels.panel import Panel
from dashboard.rows import Row, left, right, row
from dashboard.theme import BAD, CARE, DIM, GOOD, LABEL, PLAIN, STRONG
from dashboard.units import count, latency_us, rate


class WorkerRow(Part, frozen=True, kw_only=True):
    """A worker of a run on a stream.

    Attributes:
        name: its slot, or one that was made up.
        state: in a word: joining (it has no partitions yet), live, silent, lost, gone; of a spare starting, ready.
        rate_10s_per_s: transactions it decided.
        lag: transactions of its partitions that are not committed; None while it has none.
        p95_10s_us: from the intended arrival to its decision.
        mode: in which it decided most of the last 10 s; None without a decision.
        restarts: how often its place was taken by a new process.
        troubled: whether it is without something it needs.
        note: why its place had to be taken by a new process, the last time; "" if it was not.
    """

    name: str
    state: str
    rate_10s_per_s: float | None
    lag: int | None
    p95_10s_us: float | None
    mode: str | None
    restarts: int
    troubled: bool = False
    note: str = ""


class WorkerRows(Section, frozen=True):
    """The workers of a run on a stream, in the order of their slots."""

    rows: tuple[WorkerRow, ...]


LIVE: Final = "live"
OF_SPARES: Final = frozenset({"starting", "ready"})
CALM: Final = frozenset({LIVE, "joining", *OF_SPARES})
MOST_ROWS: Final = 12  # of hundreds of workers the last line says how many are not shown
_CELL: Final = 10
_MODE: Final = 15
_NAME: Final = 11
_STATE: Final = 9
_LEAST_NOTE: Final = 20  # cells; in fewer it would say nothing
_BEHIND: Final = 1_000  # transactions of lag from which a worker is looked at: a second of a small one
_FULL: Final = "full"
_HEADS: Final = (("rate", _CELL), ("lag", _CELL), ("p95", _CELL), ("mode", _MODE), ("restarts", _CELL))


def draw_workers(frame: Frame, width: int, height: int) -> list[Row]:
    """Return the column heads and a row a worker; of more than fit, those in trouble come first.

    Where there is room, a row ends in why its worker was restarted the last time.
    """
    data = frame.section(WorkerRows)
    if data is None:
        return []
    shown = data.rows
    if len(shown) > height - 1:
        shown = tuple(sorted(shown, key=lambda each: not _ails(each)))[: max(0, height - 2)]
    heads = row(
        "   ",
        (left("worker", _NAME), DIM),
        (left("", _STATE), DIM),
        *((right(head, cells), DIM) for head, cells in _HEADS),
    )
    rows = [heads, *(_line(worker, width) for worker in shown)]
    if left_out := len(data.rows) - len(shown):
        rows.append(row("   ", (f"and {count(left_out)} more", DIM)))
    return rows[:height]


def worker_count(frame: Frame) -> int:
    """Return how many workers there are to show."""
    data = frame.section(WorkerRows)
    return 0 if data is None else len(data.rows)


def _line(worker: WorkerRow, width: int) -> Row:
    state = GOOD if worker.state == LIVE else BAD if worker.state not in CALM else CARE
    if worker.state in OF_SPARES:
        state = DIM
    sign = ("✗", BAD) if _ails(worker) else (" ", PLAIN)
    behind = worker.lag is not None and worker.lag > _BEHIND
    cells = row(
        " ",
        sign,
        " ",
        (left(worker.name, _NAME), STRONG),
        (left(worker.state, _STATE), state),
        (right(rate(worker.rate_10s_per_s), _CELL), PLAIN),
        (right(count(worker.lag), _CELL), CARE if behind else PLAIN),
        (right(latency_us(worker.p95_10s_us), _CELL), PLAIN),
        (right(worker.mode or "–", _MODE), _mode_style(worker.mode)),
        (right(count(worker.restarts), _CELL), CARE if worker.restarts else DIM),
    )
    room = width - sum(segment.cell_length for segment in cells) - 2
    return [*cells, *row("  ", (left(worker.note, room), DIM))] if worker.note and room >= _LEAST_NOTE else cells


def _mode_style(mode: str | None) -> Style:
    return LABEL if mode is None else PLAIN if mode == _FULL else CARE


def _ails(worker: WorkerRow) -> bool:
    return worker.troubled or worker.state not in CALM


WORKERS_PANEL = Panel(
    "workers",
    draw_workers,
    lambda frame: frame.has(WorkerRows),
    remark=lambda _frame, _width: "last 10 s; lag and state now, restarts of the whole run",
)
