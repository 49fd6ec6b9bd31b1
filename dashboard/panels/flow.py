"""Where transactions are, or how they ended: actors with their mailboxes, decisions, the ledger."""

from rich.style import Style

from actors.telemetry.ledger_snapshot import EQUATIONS, LedgerSnapshot
from dashboard.charts import bar
from dashboard.frame import Frame, Part, Section, Share
from dashboard.panels.panel import Panel
from dashboard.rows import Row, beside, block, entry, left, right, row
from dashboard.theme import ACCENT, ARROW, BAD, CARE, DIM, GOOD, LABEL, PLAIN, STRONG
from dashboard.units import count, percent, rate, whole


class MailboxLevel(Part, frozen=True, kw_only=True):
    """One mailbox, named after the actor that receives from it; depth and capacity in transactions."""

    name: str
    depth: int
    capacity: int
    blocked: bool  # a sender waits now
    blocked_10s_ratio: float = 0.0


class ActorLevel(Part, frozen=True, kw_only=True):
    """One actor: share of the last 10 s it was busy, and what its supervisor knows of it."""

    name: str
    busy_10s_ratio: float | None
    state: str
    restarts_run_count: int
    rows_10s_per_s: float | None


class PipelineFlow(Section, frozen=True):
    """Actors in the order of flow, and mailboxes in the same order."""

    actors: tuple[ActorLevel, ...]
    mailboxes: tuple[MailboxLevel, ...]


_NEAR = 0.8  # a mailbox this full is about to block its sender
_WORDS = 24  # cells; below, no room for words beside the rate
_LEVEL = 9  # " 4,987/5k"
_CALM = frozenset({"waiting", "running", "done"})  # in the supervisor's words; the others are failed and restarting


def draw_flow(frame: Frame, width: int, height: int) -> list[Row]:
    """Return one column an actor: its name and busy share, its mailbox, its rate and state."""
    data = frame.section(PipelineFlow)
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


FLOW_PANEL = Panel(
    "pipeline",
    draw_flow,
    lambda frame: frame.has(PipelineFlow),
    remark=lambda _frame, _width: "busy and rates last 10 s, mailboxes now",
)


_BAR_FROM = 44  # cells; below it the table has no bar
_DECISIONS = frozenset({"approve", "review", "block"})
_FIGURE = 8  # ">99.9 %" and a blank


def draw_shares(frame: Frame, width: int, height: int) -> list[Row]:
    """Return decisions on one line and modes on another, shares of the last 10 s."""
    return [_share_line(shares, width) for shares in (frame.decisions, frame.modes) if shares][:height]


def _share_line(shares: tuple[Share, ...], width: int) -> Row:
    room = max(4, (width - 1) // len(shares) - 2 - _FIGURE)
    tight = sum(len(share.name) + _FIGURE + 1 for share in shares) + 1
    line = row(" ")
    for index, share in enumerate(shares):
        name = share.name if tight <= width else left(share.name, room)
        figure = percent(share.ratio_10s)
        line += row((f"{name} ", LABEL), (figure.ljust(_FIGURE), _share_style(index, share)))
    return line


def draw_decisions(frame: Frame, width: int, height: int) -> list[Row]:
    """Return one line a decision."""
    return [_share_entry(index, share, width) for index, share in enumerate(frame.decisions)][:height]


def draw_modes(frame: Frame, width: int, height: int) -> list[Row]:
    """Return one line a mode, best first."""
    return [_share_entry(index, share, width) for index, share in enumerate(frame.modes)][:height]


def _share_entry(index: int, share: Share, width: int) -> Row:
    style = _share_style(index, share)
    cells = [(percent(share.ratio_10s), style), (percent(share.ratio_run), DIM)]
    if width < _BAR_FROM:
        return entry((share.name, LABEL), cells, width)
    space = width - _BAR_FROM + 8
    line = entry((share.name, LABEL), cells, width - space)
    return [
        *line,
        *row(
            "  ",
            (
                right(bar(share.ratio_10s, space - 3), space - 2),
                DIM if not share.ratio_10s else ACCENT if index == 0 else style,
            ),
        ),
    ]


def _share_style(index: int, share: Share) -> Style:
    """A rung below the first stands out when it is used; decisions are all part of a normal day."""
    return CARE if index and (share.ratio_10s or 0) > 0 and share.name not in _DECISIONS else PLAIN


_SHARE_HEADS = ("last 10 s", "whole run")


def _share_heads(_frame: Frame, width: int) -> tuple[str, ...]:
    return _SHARE_HEADS if width < _BAR_FROM else ()


def _share_remark(_frame: Frame, width: int) -> str:
    return "" if width < _BAR_FROM else "last 10 s, whole run"


SHARES_PANEL = Panel(
    "decisions", draw_shares, lambda frame: bool(frame.decisions or frame.modes), remark=lambda _f, _w: "last 10 s"
)
DECISIONS_PANEL = Panel(
    "decisions", draw_decisions, lambda frame: bool(frame.decisions), heads=_share_heads, remark=_share_remark
)
MODES_PANEL = Panel("modes", draw_modes, lambda frame: bool(frame.modes), heads=_share_heads, remark=_share_remark)


_TERMS = {"dead_lettered": "dead letters"}


def equations(ledger: LedgerSnapshot) -> list[str]:
    """Return the ledger as equations, in full figures."""
    return [
        f"{_term(ledger, total)} = {' + '.join(_term(ledger, part) for part in parts)}" for total, parts in EQUATIONS
    ]


def _term(ledger: LedgerSnapshot, name: str) -> str:
    return f"{_TERMS.get(name, name.replace('_', ' '))} {whole(getattr(ledger, name))}"


def draw_ledger(frame: Frame, width: int, height: int) -> list[Row]:
    """Return what is broken, or the equations; two on a line where the screen is wide."""
    ledger = frame.ledger
    if ledger is None:
        return []
    if not ledger.balanced:
        broken = ledger.imbalances or ("the ledger does not balance",)
        return [row(" ", ("✗ ", BAD), (text, BAD)) for text in broken[:height]]
    lines = equations(ledger)
    if width < 160:  # noqa: PLR2004  room for two
        return [row(" ", ("✓ ", GOOD), (line, LABEL)) for line in lines[:height]]
    half = width // 2 - 4
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [
        row(" ", ("✓ ", GOOD), (first.ljust(half), LABEL), ("✓ ", GOOD), (second, LABEL)) for first, second in pairs
    ][:height]


LEDGER_PANEL = Panel(
    "ledger", draw_ledger, lambda frame: frame.ledger is not None, remark=lambda _frame, _width: "whole run"
)
