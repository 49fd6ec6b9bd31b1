"""The base of all injectors: one fault at work in a run, around the ports that it aims at."""

from collections.abc import Iterator

from actors.actor import Hooks
from actors.core.arrays import I64
from actors.core.work import Work
from actors.features.refresh import TableStore
from actors.features.store import FeatureStore
from actors.model.scoring import Scoring
from actors.model.verification import Verification
from actors.output.sinks import DecisionSink, LineSink
from sim.faults.fault import Fault
from sim.feeds.feed import Feed
from sim.injection.switch import FaultSwitch


class Injector:
    """One fault of one run. It does its harm while its switch says so, and is made for one run.

    When a run is composed each port is offered to it once. It returns what is to take the port's place: mostly the port
    as it is, and itself where its kind aims at it. A kind is a subclass with the ports that it changes, and an
    annotation of ``fault`` that says whose it is.

    Attributes:
        fault: what the scenario says.
        switch: whether the fault is in; counts what it touches.
    """

    fault: Fault

    def __init__(self, fault: Fault, switch: FaultSwitch) -> None:
        self.fault = fault
        self.switch = switch

    def around_feed(self, feed: Feed) -> Feed:
        """Take what arrives; `reschedule` must then tell when."""
        return feed

    def goes_on(self, count: int) -> None:
        """Know that ``count`` transactions have passed before it was put around the feed."""

    def reschedule(self, batches: Iterator[I64], first: int = 0) -> Iterator[I64]:  # noqa: ARG002 - the port's signature
        """Return the intended arrivals of the feed that `around_feed` returns, given those of the feed behind it.

        Asked again from the start when the fault is over before its time: what counts is how far it `reaches` then.

        Args:
            batches: the intended arrivals.
            first: number of the first of them.
        """
        return batches

    def around_store(self, store: FeatureStore) -> FeatureStore:
        """Take look-ups of batch features."""
        return store

    def around_refresh(self, store: TableStore) -> TableStore:
        """Take where the refresh publishes batch features."""
        return store

    def around_scoring(self, scoring: Scoring) -> Scoring:
        """Take the model, as the scorer asks it."""
        return scoring

    def around_verification(self, verification: Verification) -> Verification:
        """Take what a candidate has to pass."""
        return verification

    def around_hooks(self, hooks: Hooks) -> Hooks:
        """Take what is called around the work of each actor."""
        return hooks

    def around_sink(self, sink: DecisionSink) -> DecisionSink:
        """Take deliveries to the caller."""
        return sink

    def around_log(self, log: LineSink) -> LineSink:
        """Take the file of the decision log; it is written off the event loop."""
        return log

    def around_file(self, file: LineSink) -> LineSink:
        """Take any other file of the run; what happens to it is not counted as touched."""
        return file

    def around_work(self, work: Work) -> Work:
        """Take the time that work takes."""
        return work
