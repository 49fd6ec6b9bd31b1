"""The page of a twin: what the faults of a scenario caused."""

from collections.abc import Callable

from sim.installation import PROGRAM
from sim.page.blocks import Block, Facts, Page, Paragraph, Section, Table, Tile
from sim.page.figures import Drawn
from sim.page.rendering import rendered
from sim.page.words import amount, count, signed, when
from sim.twin.impact import AmountSum, Harm
from sim.twin.result import Twin

_ROWS: tuple[tuple[str, Callable[[Harm], str]], ...] = (
    ("transactions compared", lambda harm: count(harm.compared)),
    ("different in mode, decision or latency", lambda harm: count(harm.differing)),
    ("decided otherwise", lambda harm: count(sum(harm.flips.values()))),
    ("slower class of latency", lambda harm: count(harm.later)),
    ("fraud let through", lambda harm: _some(harm.fraud_let_through)),
    ("fraud caught only with it", lambda harm: _some(harm.fraud_caught)),
    ("good customers blocked", lambda harm: _some(harm.good_blocked)),
    ("good customers spared", lambda harm: _some(harm.good_spared)),
    ("more fraud lost", lambda harm: signed(harm.fraud_loss)),
    ("more fraud prevented", lambda harm: signed(harm.fraud_prevented)),
    ("more wrongly blocked", lambda harm: signed(harm.wrongly_blocked)),
)


def twin_page(twin: Twin) -> str:
    """Return the page of ``twin`` as HTML."""
    harms = [each.harm for each in twin.windows]
    columns = ("", *(each.fault for each in twin.windows), "whole run")
    caused = [(name, *map(show, (*harms, twin.whole))) for name, show in _ROWS]
    blocks: list[Block] = [Table("With the faults, less without them", columns, caused)]
    flips = [
        (kind.replace("_to_", " → "), *(count(each.flips.get(kind, 0)) for each in (*harms, twin.whole)))
        for kind in dict.fromkeys(kind for each in (*harms, twin.whole) for kind in each.flips)
    ]
    if flips:
        blocks.append(Table("Decisions that became others, from without to with the faults", columns, flips))
    windows = [
        (
            *(
                each.fault,
                each.kind,
                when(each.start_s),
                when(each.end_s) if each.recovered else "the end: not recovered",
            ),
            *(count(each.touched_count), each.against, ", ".join(each.overlaps) or "–"),
        )
        for each in twin.windows
    ]
    notes = [Paragraph(f"{name} was never injected: the run ended before.") for name in twin.never_injected]
    heads = ("fault", "kind", "felt from", "until", "touched", "compared with", "overlaps")
    runs = [(each.name, each.verdict, ", ".join(each.faults) or "none", each.trace_hash or "") for each in twin.runs]
    page = Page(
        title=twin.scenario,
        kind="riskdrill twin",
        lead="The same transactions, with the faults and without them, compared one by one.",
        tiles=[
            Tile("decided otherwise", count(sum(twin.whole.flips.values())), f"of {count(twin.whole.compared)}"),
            Tile("more fraud lost", signed(twin.whole.fraud_loss)),
            Tile("fraud let through", count(twin.whole.fraud_let_through.count)),
            Tile("good customers blocked", count(twin.whole.good_blocked.count)),
        ],
        notices=[] if twin.labelled else ["The truth is not known: fraud and money count as 0."],
        sections=[
            Section("caused", "What the faults caused", blocks),
            Section(
                "windows", "How long they were felt", [Table("The window of each fault", heads, windows, 4), *notes]
            ),
            Section(
                "runs", "The runs", [Table("What was compared", ("run", "verdict", "faults", "trace hash"), runs, 4)]
            ),
            Section("setting", "How it was made", [_setting(twin)]),
        ],
        made=f"Written by {PROGRAM} twin; twin.json beside it has all figures.",
    )
    return rendered(page, Drawn({}, []))


def _some(some: AmountSum) -> str:
    return f"{count(some.count)} ({amount(some.amount)})" if some.count else "0"


def _setting(twin: Twin) -> Facts:
    versions = ", ".join(f"{name} {number}" for name, number in twin.versions.items())
    pairs = [("seed", str(twin.seed)), ("scenario digest", twin.scenario_digest), ("model", twin.model or "")]
    pairs += [("length", when(twin.duration_s)), ("commit", twin.git or ""), ("versions", versions)]
    return Facts([pair for pair in pairs if pair[1]])
