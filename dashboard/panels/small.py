"""What a screen says that is too small for panels: the figures that matter most, and the size it needs."""

from dashboard.frame import Frame
from dashboard.panels.footer import KEYS
from dashboard.rows import Row, left, row
from dashboard.theme import CARE, DIM, LABEL, RUN_STATES, STRONG, VERDICTS
from dashboard.units import clock, latency_us, percent, rate


def draw(frame: Frame, width: int, height: int, needs: tuple[int, int]) -> list[Row]:
    """Return as many of these lines as there is height; a blank first where there is room."""
    header = frame.header
    symbol, style = RUN_STATES[header.state]
    verdict, verdict_style = VERDICTS[header.verdict]
    lines = [
        row((symbol, style), (f" {left(header.scenario, min(40, max(0, width - 4))).rstrip()}", STRONG)),
        row((f"{header.state} {clock(header.elapsed_s)} of {clock(header.planned_s)}", LABEL)),
        row((f"{verdict} verdict so far: {header.verdict}", verdict_style)),
        *_figures(frame),
        [],
        row((f"{width}×{height} is too small for the panels,", CARE)),
        row((f"which need {needs[0]}×{needs[1]}.", CARE)),
        [],
        row(("  ".join(f"{key} {word}" for key, word in KEYS), DIM)),
    ]
    if height > len(lines):
        lines.insert(0, [])
    return [[*row(" "), *line] for line in lines]


def _figures(frame: Frame) -> list[Row]:
    lines: list[Row] = []
    if frame.throughput is not None:
        achieved, offered = frame.throughput.achieved_10s_per_s, frame.throughput.offered_10s_per_s
        lines.append(row((f"{rate(achieved)} decided of {rate(offered)} offered, last 10 s", LABEL)))
    if frame.latency is not None and frame.latency.last_10s is not None:
        lines.append(row((f"p95 {latency_us(frame.latency.last_10s.p95_us)}, last 10 s", LABEL)))
    if frame.errors is not None:
        lines.append(row((f"errors {percent(frame.errors.ratio_run)}, whole run", LABEL)))
    return lines
