"""The page of an exploration: which seeds failed, and the line that repeats each."""

from sim.explore.exploration import Counterexample, Exploration
from sim.installation import PROGRAM
from sim.page.blocks import Block, Code, Facts, Page, Paragraph, Section, Table, Tile
from sim.page.figures import Drawn
from sim.page.rendering import rendered
from sim.page.words import count


def explore_page(found: Exploration) -> str:
    """Return the page of an exploration as HTML."""
    failed = len(found.failures)
    idle = [(name, count(runs)) for name, runs in found.idle.items()]
    shown: list[Block] = [block for each in found.failures for block in _failure(each)]
    sections = [
        Section("failures", "What broke", shown or [_nothing(found)]),
        Section(
            "faults",
            "Faults that touched nothing",
            [Table("In how many runs", ("fault", "runs"), idle)] if idle else [],
        ),
        Section("setting", "How it was made", [_setting(found)]),
    ]
    proved = found.passed or found.held
    page = Page(
        title=found.scenario,
        kind="riskdrill exploration",
        verdict=f"{count(failed)} failed" if failed else "nothing found" if proved else "nothing proved",
        tone="bad" if failed else "good" if proved else "open",
        lead=f"{count(found.done)} runs, each with another seed and its faults at other times and strengths.",
        notices=["It was interrupted: what was found until then is here."] if found.interrupted else [],
        tiles=[
            Tile("runs", count(found.done), f"of {count(found.seeds)}"),
            Tile("passed", count(found.passed)),
            Tile("failed", count(failed)),
            Tile("held in part", count(found.held), "some faults bit"),
            Tile("proved nothing", count(found.inconclusive - found.held)),
        ],
        sections=[section for section in sections if section.blocks],
        made=f"Written by {PROGRAM} explore; explore.json beside it has all figures.",
    )
    return rendered(page, Drawn({}, []))


def _nothing(found: Exploration) -> Paragraph:
    return (
        Paragraph("Nothing broke in any of the runs.", "good") if found.done else Paragraph("No run was made.", "open")
    )


def _failure(failure: Counterexample) -> list[Block]:
    broken = [(each.what, each.name, each.text) for each in failure.attempt.broken]
    blocks: list[Block] = [
        Table(f"Seed {failure.seed}: what does not hold", ("what", "name", "seen"), broken, 3),
        Code(f"The line that repeats seed {failure.seed}", failure.command, unfolded=True),
    ]
    if failure.shrunk is not None:
        faults = ", ".join(failure.shrunk.faults) or "no fault"
        length = "" if failure.shrunk.duration_s is None else f" of {failure.shrunk.duration_s:g} s"
        blocks.append(Paragraph(f"Shrunk to a run{length} with {faults}: {failure.shrunk.file}."))
    return blocks


def _setting(found: Exploration) -> Facts:
    last = found.first_seed + found.seeds - 1
    versions = ", ".join(f"{name} {number}" for name, number in found.versions.items())
    pairs = [("seeds", f"{found.first_seed} to {last}"), ("scenario digest", found.scenario_digest)]
    pairs += [("model", found.model), ("commit", found.git or ""), ("versions", versions)]
    pairs.append(("faults that bit", f"{count(found.faults_bit)} of {count(found.faults)}"))
    return Facts([pair for pair in pairs if pair[1]])
