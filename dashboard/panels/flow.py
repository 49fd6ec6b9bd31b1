"""The pipeline left to right: each actor's busy share, and the mailbox in front of it."""

from dashboard.bars import bar
from dashboard.frame import ActorLevel, Frame, MailboxLevel
from dashboard.panels.panel import Panel
from dashboard.rows import Row, beside, block, left, row
from dashboard.theme import ACCENT, ARROW, BAD, CARE, DIM, LABEL, STRONG
from dashboard.units import count, percent, rate

_NEAR = 0.8  # a mailbox this full is about to block its sender
_WORDS = 24  # cells; below, no room for words beside the rate
_LEVEL = 9  # " 4,987/5k"
_CALM = frozenset({"waiting", "running", "done"})  # in the supervisor's words; the others are failed and restarting


def draw(frame: Frame, width: int, height: int) -> list[Row]:
    """Return one column an actor: its name and busy share, its mailbox, its rate and state."""
    data = frame.pipeline
    if data is None or not data.actors:
        return []
    levels = {mailbox.name: mailbox for mailbox in data.mailboxes}
    wide = (width - len(data.actors)) // len(data.actors)
    cells = [_cell(actor, levels.get(actor.name), wide, height) for actor in data.actors]
    return [[*row(" "), *line] for line in beside(cells, 1)]


def _cell(actor: ActorLevel, mailbox: MailboxLevel | None, width: int, height: int) -> list[Row]:
    roomy = width > 20  # noqa: PLR2004  "▸ assembler 31.0 % "
    arrow = (ARROW if mailbox else " ") + (" " if roomy else "")
    name = left(actor.name, max(0, min(width - 9, 11)))
    busy = f" {percent(actor.busy_10s_ratio)} busy" if width > 26 else f" {percent(actor.busy_10s_ratio)}"  # noqa: PLR2004
    if actor.state in _CALM:
        first = row((arrow, DIM), (name, STRONG), (busy, LABEL))
    else:
        first = row((arrow, DIM), (name, STRONG), (f" {_trouble(actor.state, roomy=roomy)}", BAD))
    lines = [first, _mailbox(mailbox, width), _rate(actor, mailbox, width)]
    return block(lines if height > 2 else lines[:2], width, min(height, 3))  # noqa: PLR2004  the rate comes last


def _trouble(state: str, *, roomy: bool) -> str:
    """Return the state in capitals; "RESTART" stands for "RESTARTING" where room is short."""
    return left(state.upper(), 10) if roomy else left(state.upper().removesuffix("ING"), 7)


def _mailbox(mailbox: MailboxLevel | None, width: int) -> Row:
    if mailbox is None:
        return []
    ratio = mailbox.depth / mailbox.capacity if mailbox.capacity > 0 else None
    full = (ratio or 0) >= _NEAR
    level = f" {count(mailbox.depth)}/{_capacity(mailbox.capacity)}"
    sign = "" if not mailbox.blocked else " ✗ blocks" if width > 28 else " ✗"  # noqa: PLR2004  room for the word
    space = max(2, min(16, width - 2 - _LEVEL - (9 if width > 28 else 2)))  # noqa: PLR2004
    style = BAD if mailbox.blocked else CARE if full else ACCENT
    return row("  ", (bar(ratio, space), style), (left(level, _LEVEL), style if full else LABEL), (sign, BAD))


def _capacity(capacity: int) -> str:
    """Return the capacity in as few cells as say it: "5k", "4,096"."""
    for bound, step in ((1_000_000, "M"), (1_000, "k")):
        if capacity >= bound and capacity % bound == 0:
            return f"{capacity // bound:,}{step}"
    return count(capacity)


def _rate(actor: ActorLevel, mailbox: MailboxLevel | None, width: int) -> Row:
    """Return the rate, and what disturbs it: restarts, or else the share of time the sender was blocked."""
    words = ""
    if mailbox is not None and mailbox.blocked_10s_ratio > 0 and width > _WORDS:
        words = f"blocked {percent(mailbox.blocked_10s_ratio)}"
    if actor.restarts_run_count:
        restarts = count(actor.restarts_run_count)
        words = f"{restarts} restarts" if width > _WORDS else f"↻ {restarts}"
    return row("  ", (left(rate(actor.rows_10s_per_s), 9), DIM), (f" {words}", CARE))


PANEL = Panel(
    "pipeline",
    draw,
    lambda frame: frame.pipeline is not None,
    remark=lambda _frame, _width: "busy and rates last 10 s, mailboxes now",
)
