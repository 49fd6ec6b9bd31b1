"""A fault that cannot be as it is written is a located error; every kind can be written, read back and described."""

import pytest

from sim.faults.fault import Fault
from sim.faults.registry import FAULTS
from sim.scenario.json_schema import schema
from sim.scenario.loader import parse
from sim.scenario.render import resolved
from sim.scenario.timeline import Span, cut, fault_spans
from sim.units import NS_PER
from tests.support.sim.scenario_texts import REPLAY, line_at_mark, lines

S = NS_PER["s"]
NEEDS = {  # what a kind must be given besides name and at
    "traffic_clock_skew": "skew: 1h",
    "loop_stall": "stall: 100ms",
    "mailbox_squeeze": "mailbox: scorer",
}
DRILL = "name: drill\nphases: [{name: calm, duration: 20s, rate: 100}]\n"


def with_faults(*faults: str) -> str:
    return DRILL + "faults:\n" + "".join(f"  - {{{fault}}}\n" for fault in faults)


def written(kind: str) -> str:
    parts = [f"name: it, kind: {kind}, at: 2s"]
    parts += ["duration: 3s"] if "duration" in FAULTS[kind].__struct_fields__ else []
    parts += [NEEDS[kind]] if kind in NEEDS else []
    return ", ".join(parts)


UNKNOWN = "is not a known kind"
LISTED = "python -m sim faults lists them"
VALUE = "change the value"


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_can_be_written_and_read_back(kind: str) -> None:
    """With only what it must be given it loads, and its rendering loads to the same."""
    scenario = parse(with_faults(written(kind)), "drill.yaml")
    assert type(scenario.faults[0]) is FAULTS[kind]
    assert parse(resolved(scenario), "again.yaml") == scenario


@pytest.mark.parametrize("kind", FAULTS)
def test_schema_describes_every_parameter(kind: str) -> None:
    """Each key of each kind has a description for editors."""
    properties = schema()["$defs"][FAULTS[kind].__name__]["properties"]
    assert [key for key, value in properties.items() if key != "kind" and not value.get("description")] == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("kind: ▶scorer_crush, at: 2s", f"kind {UNKNOWN}, got scorer_crush; did you mean scorer_crash? {LISTED}"),
        ("kind: ▶reporter_hang, at: 2s", f"kind {UNKNOWN}, got reporter_hang; did you mean scorer_hang? {LISTED}"),
        (
            "kind: mailbox_squeeze, at: 2s, duration: 1s, mailbox: ▶scorers",
            "mailbox must be assembler or scorer or logger, got scorers; did you mean scorer?",
        ),
        (
            "kind: model_slow, at: 2s, duration: 1s, probability: ▶1.5",
            f"probability must be at most 1, got 1.5; {VALUE}",
        ),
        (
            "kind: model_slow, at: 2s, duration: 1s, probability: ▶-1",
            f"probability must be at least 0, got -1; {VALUE}",
        ),
        ("kind: model_slow, at: 2s, duration: ▶-1s", "duration must be at least 0s, got -1s; remove the minus"),
        ("kind: model_slow, at: 2s, duration: ▶0s", f"duration must be more than 0s, got 0s; {VALUE}"),
        ("kind: model_slow, at: ▶-2s, duration: 1s", "at must be at least 0s, got -2s; remove the minus"),
        (
            "kind: model_slow, at: ▶20s, duration: 1s",
            "at must be before the end of the run, which lasts 20s, got 20s; inject it earlier",
        ),
        (
            "kind: model_slow, at: 15s, duration: ▶6s",
            "duration must end within the run, which lasts 20s, got 6s; at most 5s are left",
        ),
        (
            "kind: model_slow, at: 15s, duration: 5s, jitter: ▶1s",
            "jitter must keep it within the run, which lasts 20s, got until 21s; shorten it",
        ),
        (
            "kind: scorer_crash, at: 1s, repeat: ▶{count: 3, every: 10s}",
            "repeat must keep it within the run, which lasts 20s, got until 21s; shorten it",
        ),
        (
            "kind: scorer_crash, at: 1s, ▶duration: 1s",
            "duration is not a known key; use one of again, at, jitter, kind, moment, name, probability, repeat",
        ),
        (
            "kind: model_slow, at: 1s, duration: 3s, repeat: {count: 3, every: ▶2s}",
            "repeat.every must be at least 3s, which the fault lasts with its jitter, got 2s; it would overlap itself",
        ),
        (
            "kind: model_slow, at: 1s, duration: 1s, repeat: {count: ▶0, every: 2s}",
            f"repeat.count must be at least 1, got 0; {VALUE}",
        ),
        (
            "kind: model_slow, at: 1s, duration: 1s, again: [{at: 3s}, {at: ▶3500ms}]",
            "again[1].at must not be before 4s, when the one before it is over, got 3500ms; let it come later",
        ),
        (
            "kind: model_slow, at: 1s, duration: 1s, again: ▶[{at: 18s, duration: 3s}]",
            "again must keep it within the run, which lasts 20s, got until 21s; shorten it",
        ),
        (
            "kind: scorer_crash, at: 1s, again: [{at: 3s, duration: ▶1s}]",
            "again[0].duration cannot be set: scorer_crash is over at once, got 1s; leave it out",
        ),
        (
            "kind: scorer_crash, at: 1s, repeat: {count: 2, every: 1s}, again: ▶[{at: 3s}]",
            "again cannot stand beside repeat, got a list; leave one of them out",
        ),
        ("kind: model_errors, at: 1s, duration: 1s, ratio: ▶2", f"ratio must be at most 1, got 2; {VALUE}"),
    ],
)
def test_fault_that_cannot_be_is_a_located_error(fault: str, told: str) -> None:
    """The place is that of the value, the text has the key, the rule, what was written and a remedy."""
    assert line_at_mark(with_faults(f"name: it, {fault}")) == f"faults[0].{told}"


def test_fault_without_its_duration_is_told_so() -> None:
    """What a kind must be given is named."""
    (line,) = lines(with_faults("name: it, kind: model_slow, at: 2s"))
    assert line == "drill.yaml:4:5: faults[0].duration is missing; add it"


def test_one_kind_may_not_overlap_itself_in_two_entries() -> None:
    """Two faults with one target that are in at once are an error at the second; meeting at an instant is fine."""
    first = "name: one, kind: model_slow, at: 2s, duration: 3s"
    assert len(parse(with_faults(first, "name: two, kind: model_slow, at: 5s, duration: 3s"), "drill.yaml").faults) == 2
    (line,) = lines(with_faults(first, "name: two, kind: model_slow, at: 4s, duration: 3s"))
    assert line.startswith("drill.yaml:5:39: faults[1].at must not overlap one, which is a model_slow too"), line
    squeezes = [
        f"name: {box}, kind: mailbox_squeeze, at: 2s, duration: 3s, mailbox: {box}" for box in ("scorer", "logger")
    ]
    assert len(parse(with_faults(*squeezes), "drill.yaml").faults) == 2


def test_wave_needs_the_synthetic_world() -> None:
    """In a replay there is nobody to attack."""
    fault = "faults: [{name: wave, kind: ▶traffic_fraud_wave, at: 0s, duration: 1s}]\n"
    assert line_at_mark(REPLAY + fault) == (
        "faults[0].kind needs the synthetic world: events bring their own fraud, got traffic_fraud_wave; "
        "remove one of the two"
    )


def test_span_of_a_repeated_fault_is_from_its_first_injection_to_its_last_lift() -> None:
    """``during`` a fault covers all of its repetitions."""
    text = with_faults("name: it, kind: model_slow, at: 2s, duration: 1s, repeat: {count: 3, every: 4s}")
    assert fault_spans(parse(text, "drill.yaml")) == {"it": Span(2 * S, 11 * S)}


def test_later_injections_come_at_instants_of_their_own() -> None:
    """Each is as long as it says, or as the first; it is read back as it was written."""
    text = with_faults("name: it, kind: model_slow, at: 2s, duration: 1s, again: [{at: 4s, duration: 200ms}, {at: 9s}]")
    scenario = parse(text, "drill.yaml")
    assert fault_spans(scenario) == {"it": Span(2 * S, 10 * S)}
    assert [tuple(each) for each in scenario.faults[0].planned] == [
        (2 * S, 3 * S),
        (4 * S, 4 * S + S // 5),
        (9 * S, 10 * S),
    ]
    assert parse(resolved(scenario), "again.yaml") == scenario


def test_span_follows_the_jitter() -> None:
    """The span is where the fault really is, which depends on the seed."""
    text = with_faults("name: it, kind: model_slow, at: 2s, duration: 1s, jitter: 5s")
    spans = {fault_spans(parse(text, "drill.yaml", [f"seed={seed}"]))["it"].start_ns for seed in range(5)}
    assert len(spans) == 5
    assert all(2 * S <= start <= 7 * S for start in spans)


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        ("name: it, kind: model_slow, at: 2s, duration: 6s", {"at": 2, "duration": 3, "count": None}),
        (
            "name: it, kind: model_slow, at: 1s, duration: 1s, repeat: {count: 6, every: 2s}",
            {"at": 1, "duration": 1, "count": 2},
        ),
        (
            "name: it, kind: scorer_crash, at: 1s, repeat: {count: 9, every: 1s}",
            {"at": 1, "duration": None, "count": 4},
        ),
        (
            "name: it, kind: model_slow, at: 1s, duration: 1s, again: [{at: 2s}, {at: 3s, duration: 2s}, {at: 6s}]",
            {"at": 1, "duration": 1, "count": None, "again": 2},
        ),
        ("name: it, kind: scorer_crash, at: 5s", None),
    ],
)
def test_cut_keeps_what_fits(fault: str, left: dict[str, int | None] | None) -> None:
    """A run of 5 s keeps whole repetitions, shortens the first, and skips what would begin later."""
    faults = cut(parse(with_faults(fault), "drill.yaml"), 5 * S).scenario.faults
    if left is None:
        assert faults == ()
        return
    (kept,) = faults
    assert kept.at == (left["at"] or 0) * S
    assert (None if kept.repeat is None else kept.repeat.count) == left["count"]
    assert len(kept.again or ()) == left.get("again", 0)
    if left["duration"] is not None:
        assert kept.lift_at is not None
        assert kept.lift_at - kept.at == left["duration"] * S


def test_kinds_share_the_same_keys() -> None:
    """Every kind has when, how likely, how often and how late."""
    for kind, fault in FAULTS.items():
        assert {"name", "at", "probability", "repeat", "jitter"} <= set(fault.__struct_fields__), kind
        assert issubclass(fault, Fault)
