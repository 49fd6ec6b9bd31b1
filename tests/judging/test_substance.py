"""What a verdict rests on."""

import numpy as np
import pytest

from actors.core.batches import Mode
from actors.telemetry.ledger import Ledger
from actors.telemetry.ledger_snapshot import LedgerSnapshot, Waiting
from sim.judging.result import ExpectationResult
from sim.judging.verdict import OfferedLoad, doubts, judge, metrics_read, remarks
from sim.scenario.scenario import Expectation

HELD = ExpectationResult(name="books", state="passed", wanted="ledger.balanced == 1 during always", value="1")


def ledger(
    *, full: int = 0, fallen: int = 0, dead: int = 0, duplicate: int = 0, reason: str = "out_of_range"
) -> LedgerSnapshot:
    """Return books in which this many were decided fully, decided by rules, set aside, and seen before."""
    live, sent = Ledger(), full + fallen + dead + duplicate
    live.offer(sent)
    live.send(sent)
    modes = np.array([Mode.FULL] * full + [Mode.RULES] * fallen, dtype=np.uint8)
    live.decide(np.zeros_like(modes), modes)
    if dead:
        live.dead_letter(reason, dead)
    live.duplicate(duplicate)
    return live.snapshot(Waiting(awaiting_log=full + fallen, awaiting_delivery=full + fallen))


def by_mode(*, full: int = 0, fallen: int = 0) -> tuple[int, ...]:
    """Return decisions by mode, of which this many were made fully and by rules."""
    return tuple({Mode.FULL: full, Mode.RULES: fallen}.get(mode, 0) for mode in Mode)


def reading(*expressions: str) -> frozenset[str]:
    """Return the metrics that expectations of these expressions read."""
    return metrics_read([Expectation(name=f"e{at}", expr=each) for at, each in enumerate(expressions)])


@pytest.mark.parametrize(
    ("books", "words"),
    [
        (ledger(dead=300), "nothing was decided: of 300 transactions sent, 300 became dead letters (out_of_range 300)"),
        (ledger(), "nothing was decided: none was sent"),
        (ledger(duplicate=5), "nothing was decided: of 5 transactions sent, 5 were duplicates"),
        (
            ledger(full=49, dead=51),
            "more than half was never decided: of 100 transactions sent, 51 became dead letters",
        ),
    ],
)
def test_a_run_that_decides_too_little_proves_nothing(books: LedgerSnapshot, words: str) -> None:
    """Whatever held in it: inconclusive, with what became of the transactions."""
    (doubt,) = doubts(books, reading("ledger.balanced == 1", "error_ratio < 1%"))
    assert doubt.startswith(words)
    found = judge([HELD], [], OfferedLoad(offered=300, produced=300), empty=[doubt])
    assert (found.verdict, found.exit_code, found.reasons) == ("inconclusive", 3, (doubt,))


@pytest.mark.parametrize("expression", ["dead_letter_ratio < 99%", "dead_letters > 10 and ledger.balanced == 1"])
def test_an_expectation_that_reads_dead_letters_speaks_for_the_run(expression: str) -> None:
    """A drill about broken transactions says itself how many there may be."""
    assert list(doubts(ledger(full=1, dead=99), reading(expression))) == []
    assert list(doubts(ledger(dead=99), reading(expression))) == []


def test_an_expectation_on_another_figure_does_not() -> None:
    """That something was decided quickly says nothing of what was not decided."""
    assert len(list(doubts(ledger(full=1, dead=99), reading("throughput > 0", "latency.p95 < 1s")))) == 1
    assert len(list(doubts(ledger(dead=99), reading("latency.p95 < 1s")))) == 1


def test_half_and_less_is_no_doubt() -> None:
    """A file may have many broken rows."""
    assert list(doubts(ledger(full=50, dead=50), reading())) == []
    assert list(doubts(ledger(full=10, duplicate=90), reading())) == []


def test_a_failure_beats_that_nothing_was_decided() -> None:
    """Both are told, the failure first."""
    failed = ExpectationResult(name="flow", state="failed", wanted="throughput > 5 during always", value="0/s")
    found = judge([failed], [], OfferedLoad(offered=3, produced=3), empty=["nothing was decided: …"])
    assert (found.verdict, found.exit_code) == ("fail", 99)
    assert found.reasons[1] == "nothing was decided: …"


def test_a_run_whose_expectations_were_all_skipped_proves_nothing() -> None:
    """A run that was cut before anything could be judged has not passed."""
    skipped = ExpectationResult(name="late", state="skipped", wanted="latency.p95 < 1s during burst")
    found = judge([skipped, skipped], [], OfferedLoad(offered=3, produced=3))
    assert (found.verdict, found.reasons) == ("inconclusive", ("no expectation was judged: of 2, all were skipped",))


def test_a_run_without_expectations_says_so() -> None:
    """It passes by its ledger and its load, and whoever reads that is told."""
    assert list(remarks(by_mode(full=5), [], reading())) == [
        "nothing was judged but the ledger and the load: the scenario has no expectations; add some under expect:"
    ]


@pytest.mark.parametrize(
    ("decided", "expressions", "told"),
    [
        (by_mode(fallen=300), (), True),
        (by_mode(fallen=300, full=1), (), False),
        (by_mode(fallen=300), ("mode.full.ratio < 1%",), False),
        (by_mode(), (), False),
    ],
)
def test_a_run_in_which_every_decision_fell_back_says_so(
    decided: tuple[int, ...], expressions: tuple[str, ...], told: bool
) -> None:
    """Unless an expectation is about that."""
    found = list(remarks(decided, [HELD], reading(*expressions)))
    assert any("no decision had all features (rules 300)" in each for each in found) == told
