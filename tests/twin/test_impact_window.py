"""From when to when a fault is felt."""

from sim.twin.impact import ImpactWindow, window
from tests.support.sim.run_pairs import MS, SECOND, paired, record

EVERY_100_MS = range(0, 10_000, 100)


def impact_window(pairs_of: object, injected_ms: int = 2_000, lifted_ms: int = 3_000, run_s: int = 10) -> ImpactWindow:
    """Return the window of a fault from 2 s to 3 s in a run of 10 s."""
    return window(paired(pairs_of), injected_ms * MS, lifted_ms * MS, run_s * SECOND)  # type: ignore[arg-type]


def test_a_fault_without_a_trace_is_felt_from_injection_to_lift() -> None:
    """Where nothing differs the window is the time in which the fault was in."""
    assert impact_window(record(EVERY_100_MS)) == ImpactWindow(2 * SECOND, 3 * SECOND, recovered=True)


def test_a_window_ends_after_the_last_difference_before_a_quiet_second() -> None:
    """Pauses shorter than a second of arrivals belong to it, the first longer one ends it."""
    assert impact_window(record(EVERY_100_MS, degraded=[25, 35, 44])).end_ns == 4_400 * MS + 1
    assert impact_window(record(EVERY_100_MS, degraded=[25, 35, 46])).end_ns == 3_500 * MS + 1
    assert impact_window(record(EVERY_100_MS, degraded=[25, 41])).end_ns == 3 * SECOND


def test_decision_mode_and_latency_class_each_keep_a_window_open() -> None:
    """A backlog that is only late is not over; a faster answer within the same promise is no difference."""
    for run in (
        record(EVERY_100_MS, degraded=[30]),
        record(EVERY_100_MS, blocked=[30]),
        record(EVERY_100_MS, slow=[30]),
    ):
        assert impact_window(run).end_ns == 3 * SECOND + 1
    assert impact_window(record(EVERY_100_MS, latency_ms=9)).end_ns == 3 * SECOND


def test_a_window_begins_with_those_that_waited_when_the_fault_came() -> None:
    """A transaction undecided at the injection can be touched by it; one decided before cannot."""
    run = record([1_850, 1_930, 1_950, 2_100], slow=[0, 1, 2])
    assert impact_window(run).start_ns == 1_930 * MS


def test_a_fault_that_lasts_to_the_end_has_not_recovered() -> None:
    """Without an agreeing arrival after it, no one knows when it would be over; the window ends with the run."""
    assert impact_window(record(EVERY_100_MS, degraded=range(20, 100))) == ImpactWindow(
        2 * SECOND, 9_900 * MS + 1, recovered=True
    )
    assert impact_window(record(EVERY_100_MS), lifted_ms=10_000) == ImpactWindow(
        2 * SECOND, 10 * SECOND, recovered=False
    )


def test_a_transaction_that_only_one_run_decided_is_a_difference() -> None:
    """What a fault makes disappear keeps its window open."""
    whole = record(EVERY_100_MS)
    rest = record([each for each in EVERY_100_MS if each != 3_200])
    assert window(paired(rest, whole), 2 * SECOND, 3 * SECOND, 10 * SECOND).end_ns == 3_200 * MS + 1


def test_windows_overlap_when_they_share_an_instant() -> None:
    """One that ends where the other begins does not."""
    first, second, third = (
        ImpactWindow(0, 10, recovered=True),
        ImpactWindow(9, 20, recovered=True),
        ImpactWindow(10, 20, recovered=True),
    )
    assert first.overlaps(second)
    assert second.overlaps(first)
    assert not first.overlaps(third)
