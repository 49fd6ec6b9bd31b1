"""A column map for a file, as far as its names and values tell, and what is not sure about it."""

from dataclasses import dataclass, field
from typing import Final

from sim.inspection.keys import Keys
from sim.inspection.roles import PARTLY, score
from sim.inspection.spans import Spans, spans_of
from sim.inspection.survey import DEGREES, TEXTS, Survey
from sim.scenario.column_map import FieldColumn

ORDER: Final = ("id", "event_time", "card", "merchant", "amount", "fraud", *TEXTS, *DEGREES)
REFUNDS: Final = frozenset({"cr", "credit", "refund", "reversal", "return"})
FEW: Final = 12  # more different words than these tell no kind of transaction
NEEDED: Final = ("event_time", "card", "merchant", "amount")


@dataclass(slots=True)
class Proposal:
    """What to write in a scenario for a file.

    Attributes:
        columns: by field, what the column map says, or the name of a column.
        doubts: by field, what is not sure about it.
        absent: by field, why it is not in the map.
        sort: whether the rows are not in order of time.
        spans: to train and to judge on; None where the file is not fit for that.
    """

    columns: dict[str, FieldColumn | str] = field(default_factory=dict)
    doubts: dict[str, list[str]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    sort: bool = False
    spans: Spans | None = None

    @property
    def whole(self) -> bool:
        """Whether it has all that a transaction must have."""
        return all(each in self.columns for each in NEEDED)


def proposed(survey: Survey) -> Proposal:
    """Return the column map that ``survey`` speaks for."""
    proposal = Proposal()
    _times(proposal, survey)
    _keys(proposal, survey)
    _money(proposal, survey)
    _labels(proposal, survey)
    proposal.columns |= survey.plain
    for name in (each for each in ("lat", "lon") if each in survey.plain):
        others = [column.name for column in survey.columns if name in column.name.lower().replace("_", " ").split()]
        if len(others) > 1:
            _doubt(proposal, name, f"it may be any of {', '.join(others)}; where the card was used is meant")
    proposal.columns = {name: proposal.columns[name] for name in ORDER if name in proposal.columns}
    return proposal


def _doubt(proposal: Proposal, name: str, *doubts: str) -> None:
    if doubts:
        proposal.doubts.setdefault(name, []).extend(doubts)


def _times(proposal: Proposal, survey: Survey) -> None:
    best = survey.moments.best
    if best is None:
        proposal.absent["event_time"] = "no column looks like a time"
        return
    proposal.columns["event_time"] = best.column
    proposal.sort = best.falls > 0
    _doubt(proposal, "event_time", *survey.moments.doubts)
    if best.refusal:
        _doubt(proposal, "event_time", f"not all rows can be read: {best.refusal}")
    elif survey.labels is not None:
        proposal.spans = spans_of(best.first_us, best.last_us)


def _keys(proposal: Proposal, survey: Survey) -> None:
    for name, keys in survey.keys.items():
        good = [key for key in keys if not key.refusal]
        if name == "id":
            _ids(proposal, keys)
        elif good:
            proposal.columns[name] = good[0].column
            _doubt(proposal, name, *_about(good))
        elif keys:
            proposal.columns[name] = keys[0].column
            _doubt(proposal, name, f"not all rows can be read: {keys[0].refusal}")
        else:
            _nearest(proposal, name, survey)


def _about(keys: list[Keys]) -> list[str]:
    best, *others = keys
    found = []
    if len(best.column.names) > 1:
        found.append(f"no column alone tells them apart, so {', '.join(best.column.names)} are joined")
    found.extend(
        f"it may be {', '.join(other.column.names)} instead"
        for other in others
        if score(best.name, other.column.names[0]) > PARTLY and not set(other.column.names) <= set(best.column.names)
    )
    return found


def _ids(proposal: Proposal, keys: list[Keys]) -> None:
    unique = [key for key in keys if key.unique]
    if unique:
        proposal.columns["id"] = unique[0].column
    elif keys:
        why = keys[0].refusal or f"has {keys[0].distinct:,} different values in {keys[0].rows:,} rows"
        proposal.absent["id"] = f"{keys[0].column.names[0]} {why}; row numbers serve"
    else:
        proposal.absent["id"] = "no column looks like one; row numbers serve"


def _nearest(proposal: Proposal, name: str, survey: Survey) -> None:
    """Map a key that the file does not have to what comes nearest."""
    nearest = survey.plain.get("category") if name == "merchant" else None
    if nearest is None:
        proposal.absent[name] = f"no column looks like a {name}"
        return
    proposal.columns[name] = nearest
    _doubt(proposal, name, f"no column looks like a merchant; {nearest} comes nearest")


def _money(proposal: Proposal, survey: Survey) -> None:
    if survey.money is None:
        proposal.absent["amount"] = "no column looks like an amount"
        return
    proposal.columns["amount"] = survey.money.column
    _doubt(proposal, "amount", *survey.money.doubts)
    for column in survey.columns:
        if column.distinct <= FEW and {str(each).strip().lower() for each in column.samples} & REFUNDS:
            _doubt(proposal, "amount", f"{column.name} may tell refunds, which would be replayed as purchases")


def _labels(proposal: Proposal, survey: Survey) -> None:
    if survey.labels is None:
        proposal.absent["fraud"] = "no column looks like a label"
    elif not survey.labels.fits:
        proposal.absent["fraud"] = f"{survey.labels.name} has too many different values for a label"
    else:
        proposal.columns["fraud"] = survey.labels.column
        _doubt(proposal, "fraud", *survey.labels.doubts)
