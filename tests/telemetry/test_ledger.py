"""The books balance after any legal sequence, and name what is missing after any other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.core.batches import Decision, Mode
from actors.telemetry.ledger import Ledger
from actors.telemetry.ledger_snapshot import Waiting

COUNTS = st.integers(1, 40)
DECISIONS = st.lists(st.tuples(st.sampled_from(Decision), st.sampled_from(Mode)), max_size=60)
REASONS = st.sampled_from(["not_json", "poison", "too_large"])


def decide(ledger: Ledger, decisions: list[tuple[Decision, Mode]]) -> None:
    """Book one batch of decisions."""
    ledger.decide(*np.array(decisions, dtype=np.uint8).reshape(-1, 2).T)


class Pipeline(RuleBasedStateMachine):
    """A pipeline that moves transactions about, keeping its own count of where they lie."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.unsent = self.in_flight = self.awaiting_log = self.awaiting_delivery = 0

    @rule(count=COUNTS)
    def offer(self, count: int) -> None:
        """Transactions become due."""
        self.ledger.offer(count)
        self.unsent += count

    @precondition(lambda self: self.unsent)
    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        """The producer sends some."""
        count = data.draw(st.integers(1, self.unsent))
        self.ledger.send(count)
        self.unsent -= count
        self.in_flight += count

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), modes=st.lists(st.sampled_from(Mode), min_size=1, max_size=40))
    def decide(self, data: st.DataObject, modes: list[Mode]) -> None:
        """The scorer decides some."""
        count = data.draw(st.integers(1, min(self.in_flight, len(modes))))
        decide(self.ledger, [(Decision.APPROVE, mode) for mode in modes[:count]])
        self.in_flight -= count
        self.awaiting_log += count
        self.awaiting_delivery += count

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), reason=REASONS | st.none())
    def set_aside(self, data: st.DataObject, reason: str | None) -> None:
        """Some cannot be handled, or were seen before."""
        count = data.draw(st.integers(1, self.in_flight))
        if reason is None:
            self.ledger.duplicate(count)
        else:
            self.ledger.dead_letter(reason, count)
        self.in_flight -= count

    @precondition(lambda self: self.awaiting_log)
    @rule(data=st.data(), ok=st.booleans())
    def log(self, data: st.DataObject, ok: bool) -> None:
        """Log lines are written, or given up."""
        count = data.draw(st.integers(1, self.awaiting_log))
        (self.ledger.log if ok else self.ledger.log_failed)(count)
        self.awaiting_log -= count

    @precondition(lambda self: self.awaiting_delivery)
    @rule(data=st.data(), ok=st.booleans())
    def deliver(self, data: st.DataObject, ok: bool) -> None:
        """Decisions are taken by the sink, or given up."""
        count = data.draw(st.integers(1, self.awaiting_delivery))
        (self.ledger.deliver if ok else self.ledger.undelivered)(count)
        self.awaiting_delivery -= count

    def waiting(self) -> dict[str, int]:
        """What the pipeline finds where it looks."""
        return {
            "unsent": self.unsent,
            "in_flight": self.in_flight,
            "awaiting_log": self.awaiting_log,
            "awaiting_delivery": self.awaiting_delivery,
        }

    @invariant()
    def books_balance(self) -> None:
        """Any legal sequence balances."""
        assert self.ledger.check(**self.waiting()) == []

    @invariant()
    def a_lost_transaction_is_named(self) -> None:
        """One unit less anywhere breaks exactly the equation that has it, and says that 1 was lost."""
        for name, count in self.waiting().items():
            if count:
                broken = self.ledger.check(**{**self.waiting(), name: count - 1})
                assert [name in imbalance.equation for imbalance in broken] == [True]
                assert str(broken[0]).endswith("1 lost")


TestPipeline = Pipeline.TestCase


def full_ledger() -> Ledger:
    """Books with something in every account, balanced with `WAITING`."""
    ledger = Ledger()
    ledger.offer(100)
    ledger.send(90)
    decide(ledger, [(Decision.REVIEW, mode) for mode in [Mode.FULL] * 40 + [Mode.STALE] * 5 + [Mode.RULES] * 10])
    ledger.dead_letter("not_json", 6)
    ledger.dead_letter("poison", 4)
    ledger.duplicate(5)
    ledger.log(30)
    ledger.log_failed(5)
    ledger.deliver(40)
    ledger.undelivered(5)
    return ledger


WAITING = {"unsent": 10, "in_flight": 20, "awaiting_log": 20, "awaiting_delivery": 10}


@pytest.mark.parametrize(
    ("account", "equations"),
    [
        ("offered", ["offered"]),
        ("produced", ["offered", "produced"]),
        ("duplicates", ["produced"]),
        ("logged", ["decided"]),
        ("log_failed_count", ["decided"]),
        ("delivered", ["decided"]),
        ("undelivered_count", ["decided"]),
    ],
)
@pytest.mark.parametrize("error", [-1, 1])
def test_a_single_wrong_unit_is_named(account: str, equations: list[str], error: int) -> None:
    """Every account is in at least one equation, which one unit too few or too many breaks."""
    ledger = full_ledger()
    assert ledger.check(**WAITING) == []
    setattr(ledger, account, getattr(ledger, account) + error)
    broken = ledger.check(**WAITING)
    assert [imbalance.equation.split(" ")[0] for imbalance in broken] == equations
    assert all(str(imbalance).endswith(("1 lost", "1 counted twice")) for imbalance in broken)


def test_an_imbalance_says_what_and_how_many() -> None:
    """The text has the equation, both sides and the difference."""
    ledger = Ledger()
    ledger.offer(10)
    ledger.send(7)
    (broken,) = ledger.check(unsent=2, in_flight=7)
    assert str(broken) == "offered = unsent + produced: 10 ≠ 9, 1 lost"


@given(DECISIONS, st.integers(1, 5), st.booleans())
def test_decisions_are_counted_by_mode_and_kind_whatever_the_batch(
    decisions: list[tuple[Decision, Mode]], size: int, read: bool
) -> None:
    """Any batches, read between them or not, give the same table, one cell a pair."""
    at_once, cut = Ledger(), Ledger()
    decide(at_once, decisions)
    for begin in range(0, len(decisions), size):
        decide(cut, decisions[begin : begin + size])
        assert not read or sum(cut.decided) == min(begin + size, len(decisions))
    table = tuple(tuple(decisions.count((kind, mode)) for kind in Decision) for mode in Mode)
    assert at_once.decisions == cut.decisions == table
    assert cut.decided == [sum(kinds) for kinds in table]
    assert [cut.decision_count(kind) for kind in Decision] == [sum(column) for column in zip(*table, strict=True)]


def test_a_snapshot_does_not_follow_the_ledger() -> None:
    """What was read stays as it was."""
    ledger = full_ledger()
    snapshot = ledger.snapshot(Waiting(**WAITING))
    ledger.dead_letter("not_json", 1)
    decide(ledger, [(Decision.APPROVE, Mode.FULL)])
    assert (snapshot.decided, snapshot.dead_lettered) == (55, 10)
    assert snapshot.check() == []
