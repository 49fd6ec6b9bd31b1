"""What speaks against training a model on a file, as far as its rows tell."""

import re
from collections.abc import Iterator
from typing import Final

from actors.clock import US_PER_DAY
from sim.inspection.keys import Keys
from sim.inspection.moments import Form
from sim.inspection.proposal import NEEDED, Proposal
from sim.inspection.spans import LEAST_DAYS
from sim.inspection.survey import Survey

RARELY_AGAIN: Final = 0.9  # share of rows with a key of their own, from which on windows over that key are empty
_VALUE: Final = re.compile(r"[-+]?[0-9][0-9.,:/ T-]*")
FEW_FRAUDS: Final = 50  # fewer teach a model next to nothing
MANY_FRAUDS: Final = 0.2  # a higher share is of a sample that was made so, or of a label that means the contrary


def objections_to(survey: Survey, proposal: Proposal) -> Iterator[str]:
    """Yield a line for each thing that speaks against training on the file."""
    if sum(bool(_VALUE.fullmatch(column.name.strip())) for column in survey.columns) > 1:
        yield "its first line looks like values, not like names of columns: give it a header"
    for name in NEEDED:
        if name not in proposal.columns:
            yield f"it has no {name}: {proposal.absent[name]}"
    yield from _to_labels(survey, proposal)
    best = survey.moments.best
    if best is not None and best.rows and not best.refusal:
        yield from _to_times(best)
    yield from _to_ids(survey.keys.get("id", []))
    for name in ("card", "merchant"):
        if keys := [key for key in survey.keys.get(name, ()) if not key.refusal]:
            yield from _to_keys(name, keys[0])


def _to_labels(survey: Survey, proposal: Proposal) -> Iterator[str]:
    labels = survey.labels
    if labels is None or not labels.fits:
        yield f"it has no label ({proposal.absent['fraud']}), so it can only be replayed with a model that is there"
    elif not labels.frauds:
        yield "no row is fraud"
    elif labels.frauds < FEW_FRAUDS:
        yield f"only {labels.frauds} of its rows are fraud, too few to learn from"
    elif labels.frauds > MANY_FRAUDS * survey.rows:
        share = labels.frauds / survey.rows
        yield f"{share:.0%} of its rows are fraud: a sample that was made so, or the words are the wrong way round"


def _to_times(best: Form) -> Iterator[str]:
    days = (best.last_us - best.first_us) / US_PER_DAY
    if days < LEAST_DAYS:
        yield f"it has {days:.1f} days, and training takes {LEAST_DAYS}: to train, to wait for labels, and to judge"
    if best.falls:
        yield f"{best.falls:,} rows are earlier than the row above: sort: true puts them in order"


def _to_ids(keys: list[Keys]) -> Iterator[str]:
    good = [key for key in keys if not key.refusal]
    if good and not any(key.unique for key in good) and good[0].distinct > RARELY_AGAIN * good[0].rows:
        again = good[0].rows - good[0].distinct
        yield f"{again:,} of its rows repeat an id ({good[0].column.names[0]}): transactions may be in it twice"


def _to_keys(name: str, key: Keys) -> Iterator[str]:
    if key.rows > 1 and key.distinct > RARELY_AGAIN * key.rows:
        yield f"nearly every row has a {name} of its own, so what a {name} did before says nothing"
    if key.rows > 1 and key.distinct == 1:
        yield f"all rows have one and the same {name}"
