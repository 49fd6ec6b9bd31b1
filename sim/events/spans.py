"""The stretches of a file that a run replays, trains a model on and judges it by, all read in one go."""

from sim.events.contents import Contents, minute
from sim.events.event_file import EventFile
from sim.events.sorting import Told, untold
from sim.events.spec import EventsSpec, Period
from sim.tables.problem import problem

REPLAY = "replay"
HISTORY = "history"


def contents_of_spans(spec: EventsSpec, *, trained: bool, told: Told = untold) -> dict[str, Contents]:
    """Return what is replayed of a file, and of one to train on also its ``train`` and ``test``, by name.

    All is read that the run and the training read, the history before the training included.

    Args:
        spec: the file; with ``train`` and ``test`` if it is to be trained on.
        trained: whether a model is trained on it.
        told: how much of the file has been read.

    Raises:
        TransactionFileError: a row breaks a rule, an id occurs twice, or a span to train or to judge on has no fraud,
            or nothing else.
    """
    periods = {REPLAY: spec.replay}
    if trained and spec.train is not None and spec.test is not None:
        periods |= {"train": spec.train, "test": spec.test, HISTORY: Period(spec.warm_from_us, spec.test.to_us)}
    found = dict(zip(periods, EventFile.open(spec).contents_of(list(periods.values()), told), strict=True))
    found.pop(HISTORY, None)
    for name in (each for each in found if each != REPLAY):
        _check_kinds(spec, name, found[name])
    return found


def _check_kinds(spec: EventsSpec, name: str, contents: Contents) -> None:
    if 0 < contents.frauds < contents.rows:
        return
    what = "no fraud" if contents.frauds == 0 else "nothing but fraud"
    span = f"from {minute(contents.first_us)} to {minute(contents.last_us)}"
    text = f"has {what} in events.{name}, {span}, and a model needs both kinds; choose another span"
    raise problem(spec.file, text)
