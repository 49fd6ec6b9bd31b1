"""A column map and periods for a file, as far as its names and values tell, and what is not sure about them."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

from sim.inspection.columns import PARTLY, score
from sim.inspection.survey import DEGREES, TEXTS, Survey
from sim.inspection.values import Keys
from sim.scenario.events import FieldColumn, KeyColumn, TextColumn

US: Final = 1_000_000
LEAST_DAYS: Final = 4  # one to train on, one to wait for its labels, one to judge on, and one of history
LABEL_DELAY_DAYS: Final = 7
MOST_TEST_DAYS: Final = 7
MOST_WARM_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Spans:
    """Days, both ends included.

    Attributes:
        train: first and last day of the training transactions.
        test: first and last day of the judgement.
        label_delay_days: from a transaction to its label.
    """

    train: tuple[dt.date, dt.date]
    test: tuple[dt.date, dt.date]
    label_delay_days: int


def spans_of(first_us: int, last_us: int) -> Spans | None:
    """Return spans for a file from ``first_us`` to ``last_us``; None if it has too few days.

    The first days are history for the features; the last are for the judgement; the label delay lies between.

    Example:
        >>> day = 86_400_000_000
        >>> found = spans_of(0, 60 * day)
        >>> [str(each) for each in (*found.train, *found.test)], found.label_delay_days
        (['1970-01-15', '1970-02-16', '1970-02-24', '1970-03-02'], 7)
        >>> spans_of(0, 2 * day) is None
        True
    """
    first, last = (dt.datetime.fromtimestamp(each // US, dt.UTC).date() for each in (first_us, last_us))
    days = (last - first).days + 1
    if days < LEAST_DAYS:
        return None
    delay = LABEL_DELAY_DAYS if days >= 4 * LABEL_DELAY_DAYS else max(1, days // 6)
    tested = max(1, min(MOST_TEST_DAYS, days // 5))
    warm = min(MOST_WARM_DAYS, days // 4)
    test_from = last - dt.timedelta(days=tested - 1)
    train_to = test_from - dt.timedelta(days=delay + 1)
    train_from = min(first + dt.timedelta(days=warm), train_to)
    return Spans((train_from, train_to), (test_from, last), delay)


ORDER: Final = ("id", "event_time", "card", "merchant", "amount", "fraud", *TEXTS, *DEGREES)
REFUNDS: Final = frozenset({"cr", "credit", "refund", "reversal", "return"})
FEW: Final = 12  # a column with more different words does not tell kinds of transactions
NEEDED: Final = ("event_time", "card", "merchant", "amount")


@dataclass(slots=True)
class Proposal:
    """What to write in a scenario for a file.

    Attributes:
        columns: by field, what the column map says.
        doubts: by field, what is not sure about it.
        absent: by field, why it is not in the map.
        sort: whether the rows are not in order of time.
        spans: to train and to judge on; None where the file is not fit for that.
    """

    columns: dict[str, FieldColumn] = field(default_factory=dict)
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
    for mapped, column in proposal.columns.items():
        if words := getattr(column, "missing", None):
            _doubt(
                proposal, mapped, f"{' and '.join(words)} may stand for no value; if it is a value, write missing: []"
            )
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
    if not isinstance(nearest, TextColumn):
        proposal.absent[name] = f"no column looks like a {name}"
        return
    proposal.columns[name] = KeyColumn(column=nearest.column, missing=nearest.missing)
    _doubt(proposal, name, f"no column looks like a merchant; {nearest.column} comes nearest")


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
