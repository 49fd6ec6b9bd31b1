"""The page of a twin: what the faults of a scenario caused."""

from sim.installation import PROGRAM
from sim.outcomes.money import dollars
from sim.page.blocks import Block, Facts, Page, Paragraph, Section, Table, Tile
from sim.page.figures import Drawn
from sim.page.rendering import rendered
from sim.page.words import count, when
from sim.twin.result import UNLABELLED, Twin, figures, notes

_CAPTIONS = ("What came out differently with the faults", "Whom that hit, and what it cost")


def twin_page(twin: Twin) -> str:
    """Return the page of ``twin`` as HTML."""
    harms = [*(each.harm for each in twin.windows), twin.whole]
    columns = ("", *(each.fault for each in twin.windows), "whole run")
    caused: list[Block] = [
        Table(caption, columns, [(name, *map(show, harms)) for name, show in rows])
        for caption, rows in zip(_CAPTIONS, figures(twin), strict=True)
    ]
    told = notes(twin)
    caused += [Paragraph(f"{line}.") for line in told if line != UNLABELLED]
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
    heads = ("fault", "kind", "felt from", "until", "touched", "compared with", "overlaps")
    runs = [(each.name, each.verdict, ", ".join(each.faults) or "none", each.trace_hash or "") for each in twin.runs]
    page = Page(
        title=twin.scenario,
        kind="riskdrill twin",
        lead="The same transactions, with the faults and without them, compared one by one.",
        tiles=[
            Tile("decided otherwise", count(sum(twin.whole.flips.values())), f"of {count(twin.whole.compared)}"),
            Tile("caused: fraud loss", dollars(twin.whole.fraud_loss, cents=False, signed=True)),
            Tile("fraud let through", count(twin.whole.fraud_let_through.count)),
            Tile("good customers blocked", count(twin.whole.good_blocked.count)),
        ],
        notices=[line for line in told if line == UNLABELLED],
        sections=[
            Section("caused", "What the faults caused", caused),
            Section("windows", "How long they were felt", [Table("The window of each fault", heads, windows, 4)]),
            Section(
                "runs", "The runs", [Table("What was compared", ("run", "verdict", "faults", "trace hash"), runs, 4)]
            ),
            Section("setting", "How it was made", [_setting(twin)]),
        ],
        made=f"Written by {PROGRAM} twin; twin.json beside it has all figures.",
    )
    return rendered(page, Drawn({}, []))


def _setting(twin: Twin) -> Facts:
    versions = ", ".join(f"{name} {number}" for name, number in twin.versions.items())
    pairs = [("seed", str(twin.seed)), ("scenario digest", twin.scenario_digest), ("model", twin.model or "")]
    pairs += [("length", when(twin.duration_s)), ("commit", twin.git or ""), ("versions", versions)]
    return Facts([pair for pair in pairs if pair[1]])
