"""What a caller attaches to a run beyond what its scenario says: to look at it closely, or to plant a mistake in it."""

from collections.abc import Callable
from dataclasses import dataclass

from actors.clock import Clock
from actors.pipeline import Pipeline
from actors.sink import DecisionSink
from actors.work import Work
from sim.run.outcomes import OutcomeBook


def _plain(book: OutcomeBook) -> DecisionSink:
    return book


def _as_it_is(_: Pipeline) -> None:
    """Leave the pipeline as it is."""


def _same(work: Work, _: Clock) -> Work:
    return work


@dataclass(frozen=True, slots=True)
class Instruments:
    """Attachments of one run; by themselves they change nothing.

    Attributes:
        sink: given the book that takes the decisions, returns what they are delivered to; it must pass them on.
        alter: given the pipeline before it starts; for tests that plant a mistake.
        work: given what lets the time of computing pass, and the clock, returns what the actors are given; it must
            let it pass too.
    """

    sink: Callable[[OutcomeBook], DecisionSink] = _plain
    alter: Callable[[Pipeline], None] = _as_it_is
    work: Callable[[Work, Clock], Work] = _same


NO_INSTRUMENTS = Instruments()
