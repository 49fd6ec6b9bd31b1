"""The verdict of a run and its exit code."""

import pytest

from actors.telemetry.snapshot import Gauges, MailboxGauge
from actors.telemetry.stages import Stage
from actors.telemetry.telemetry import Telemetry
from sim.faults.fault import FaultRecord
from sim.judging.result import ExpectationResult, ExpectationState
from sim.judging.verdict import OfferedLoad, Verdict, judge, offered_load
from sim.steps.step import StepRecord, StepState
from tests.support.actors.telemetry import decide, snapshot

ON_TIME = OfferedLoad(offered=1_000, produced=1_000, lateness_p99_us=100)
TOUCHED = FaultRecord(name="down", kind="x_y", state="lifted", injected_at_s=1.0, touched_count=5)


def expectation(state: ExpectationState, note: str = "") -> ExpectationResult:
    return ExpectationResult(name="tail", state=state, wanted="latency.p95 < 50ms during burst", value="it", note=note)


def of(*expectations: ExpectationResult, arrivals: OfferedLoad = ON_TIME, fault: FaultRecord = TOUCHED) -> Verdict:
    return judge(expectations, [fault], arrivals)


def test_run_that_kept_its_promises_passes() -> None:
    """Nothing failed, nothing is in doubt: 0, and no reason to give."""
    assert of(expectation("passed"), expectation("skipped")) == Verdict(verdict="pass", exit_code=0)


def test_failed_expectation_fails_the_run() -> None:
    """The reason says what was seen and what was wanted."""
    found = of(expectation("passed"), expectation("failed"))
    assert (found.verdict, found.exit_code) == ("fail", 99)
    assert found.reasons == ("tail: it, wanted latency.p95 < 50ms during burst",)


def test_lateness_that_a_fault_causes_is_not_the_machines() -> None:
    """Where the loop was stalled or the producer held on purpose, late arrivals leave no doubt; untouched they do."""
    late = OfferedLoad(offered=1_000, produced=900, lateness_p99_us=90_000)
    for count, verdict in ((5, "pass"), (0, "inconclusive")):
        stall = FaultRecord(name="stall", kind="loop_stall", state="lifted", injected_at_s=1.0, touched_count=count)
        assert of(arrivals=late, fault=stall).verdict == verdict


def test_broken_ledger_fails_whatever_else_passed() -> None:
    """A lost transaction is worse than any late one."""
    found = judge(
        [expectation("passed")], [TOUCHED], ON_TIME, imbalances=["offered = unsent + produced: 3 ≠ 2, 1 lost"]
    )
    assert (found.verdict, found.exit_code) == ("fail", 99)


def test_actor_that_was_given_up_fails_the_run() -> None:
    """A pipeline that had to be drained by rules has failed."""
    assert judge([], [], ON_TIME, escalated="scorer crashed 11 times").exit_code == 99


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (of(expectation("inconclusive", "no samples")), "tail: no samples"),
        (of(expectation("waiting")), "tail: not judged"),
        (of(fault=FaultRecord(name="down", kind="x_y", state="lifted", injected_at_s=1.0)), "touched nothing"),
        (of(fault=FaultRecord(name="down", kind="x_y", state="waiting")), "never injected"),
        (
            of(fault=FaultRecord(name="down", kind="x_y", state="failed", injected_at_s=1.0, error="KeyError: 'a'")),
            "failed in its own code: KeyError",
        ),
        (of(arrivals=OfferedLoad(offered=1_000, produced=949)), "only 94.9 % of the scheduled arrivals"),
        (of(arrivals=OfferedLoad(offered=1_000, produced=1_000, lateness_p99_us=10_001)), "the producer was late"),
    ],
)
def test_doubt_makes_a_run_inconclusive(found: Verdict, words: str) -> None:
    """What was not measured, not touched or not sent as planned proves nothing: 3, with the reason."""
    assert (found.verdict, found.exit_code) == ("inconclusive", 3)
    assert words in found.reasons[0]


def test_failure_beats_doubt() -> None:
    """A run that failed has failed, and its failures come first."""
    found = of(expectation("inconclusive", "no samples"), expectation("failed"))
    assert found.exit_code == 99
    assert [reason.split(": ")[1].startswith("it") for reason in found.reasons] == [True, False]


def test_limits_themselves_are_kept() -> None:
    """95 % of the schedule and 10 ms are enough."""
    assert of(arrivals=OfferedLoad(offered=1_000, produced=950, lateness_p99_us=10_000)).exit_code == 0


def test_backpressure_is_the_pipelines_answer_and_not_the_producers_fault() -> None:
    """What a full mailbox kept from being sent leaves a scenario about overload conclusive."""
    assert of(arrivals=OfferedLoad(offered=1_000, produced=500, backlogged=True)).exit_code == 0


def test_replay_at_full_speed_has_no_schedule_to_miss() -> None:
    """Without a schedule nothing is due that was not sent, and nobody is late."""
    assert of(arrivals=OfferedLoad(offered=0, produced=0)).exit_code == 0


def test_interrupted_run_says_so_whatever_it_saw() -> None:
    """Ctrl-C ends with 130; the verdict on what was seen stays."""
    found = judge([expectation("failed")], [TOUCHED], ON_TIME, interrupted=True)
    assert (found.verdict, found.exit_code) == ("fail", 130)
    assert judge([], [], OfferedLoad(offered=10, produced=1), interrupted=True).reasons == ("the run was interrupted",)


def test_arrivals_are_read_when_the_schedule_ends() -> None:
    """Offered, produced, the first mailbox and the producer's own lateness come from one snapshot."""
    telemetry = Telemetry()
    decide(telemetry, 90)
    telemetry.ledger.offer(10)
    telemetry.stages[Stage.LATENESS].record_span(250, 99)
    telemetry.stages[Stage.LATENESS].record_span(900, 1)
    box = MailboxGauge("assembler", depth=50, capacity=100)
    found = offered_load(snapshot(telemetry, 1.0, Gauges(mailboxes=(box,))))
    assert found == OfferedLoad(offered=100, produced=90, backlogged=True, lateness_p99_us=250)
    assert found.achieved_ratio == 0.9


@pytest.mark.parametrize(
    ("box", "backlogged"),
    [
        (MailboxGauge("assembler", depth=49, capacity=100), False),
        (MailboxGauge("assembler", depth=50, capacity=100), True),
        (MailboxGauge("scorer", depth=100, capacity=100), False),
    ],
)
def test_only_the_first_mailbox_says_that_the_pipeline_is_behind(box: MailboxGauge, backlogged: bool) -> None:
    """Half full it keeps the producer from sending; a full one further on does not, and neither does less."""
    assert offered_load(snapshot(Telemetry(), 1.0, Gauges(mailboxes=(box,)))).backlogged is backlogged


def test_a_step_that_came_to_no_end_leaves_a_doubt() -> None:
    """One that waits or is under way says why, or that the run was over; one that was done or refused leaves none."""
    over: tuple[StepState, ...] = ("done", "refused")
    ended = [StepRecord(name=state, kind="model_release", state=state) for state in over]
    assert judge([], [], ON_TIME, steps=ended).verdict == "pass"
    rings = "alert Slow did not ring"
    open_steps = [
        StepRecord(name="night", kind="model_release", state="under_way"),
        StepRecord(name="back", kind="model_rollback", state="waiting", detail=rings),
    ]
    found = judge([], [], ON_TIME, steps=[*ended, *open_steps])
    assert (found.verdict, found.exit_code) == ("inconclusive", 3)
    assert found.reasons == (
        "step night came to no end: the run ended before",
        f"step back came to no end: {rings}",
    )
