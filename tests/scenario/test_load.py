"""A scenario file is read whole, or refused with every problem located."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from actors.config import PipelineConfig, RetryConfig
from sim.scalars import DURATION, SIZE
from sim.scenario.field_types import Field, fields_of
from sim.scenario.loader import load, parse
from sim.scenario.problems import InvalidScenarioError
from sim.scenario.render import resolved
from sim.world.phases import Spike
from tests.support.sim.scenario_texts import EXAMPLE, REPLAY, SHORT, line_at_mark, lines, problems

FAULT = "faults: [{name: down, kind: feature_store_outage, at: 2s, duration: 3s}]\n"


def test_the_example_is_read() -> None:
    """The documented example has no problem, and its values arrive typed."""
    scenario = parse(EXAMPLE, "drill.yaml")
    assert scenario.phases[1].ramp_to is not None
    assert scenario.phases[1].ramp_to.per_s == 8_000
    assert scenario.pipeline.feature_store.breaker is not None
    assert scenario.pipeline.feature_store.timeout_ns == 5_000_000
    assert scenario.faults[0].lift_at == 45_000_000_000
    assert scenario.alerts[0].for_ == 3_000_000_000


def test_everything_but_name_and_phases_has_a_default() -> None:
    """Three lines are a scenario."""
    assert parse(SHORT, "drill.yaml").seed == 7


def _settings(config: msgspec.Struct) -> Iterator[tuple[str, Field]]:
    for field in fields_of(type(config)):
        value = getattr(config, field.name)
        yield from _settings(value) if isinstance(value, msgspec.Struct) else [(field.name, field)]


def test_settings_of_the_pipeline_are_keys_without_their_units() -> None:
    """A span is a duration and bytes are a size, so the unit stands with the value and not in the key."""
    settings = dict(_settings(PipelineConfig()))
    timed = {name: field for name, field in settings.items() if name.endswith("_ns")}
    assert {field.shape.of for field in timed.values()} == {DURATION}
    assert {field.key for field in timed.values()} == {name.removesuffix("_ns") for name in timed}
    assert (settings["memory_limit_bytes"].key, settings["memory_limit_bytes"].shape.of) == ("memory_limit", SIZE)
    text = "name: x\nphases: [{name: p, duration: 1s, rate: 10}]\npipeline: {drain_timeout: 7s, memory_limit: 9kB}"
    pipeline = parse(text, "x.yaml").pipeline
    assert (pipeline.drain_timeout_ns, pipeline.memory_limit_bytes) == (7_000_000_000, 9_000)


def test_null_is_a_value_where_one_may_be_absent() -> None:
    """``budget: null`` is a retry without a budget, and survives being written out; left out it has its default."""
    head = "name: x\nphases: [{name: p, duration: 1s, rate: 10}]\npipeline: {feature_store: {retry: {attempts: 4"
    without, default = parse(f"{head}, budget: null}}}}}}", "x.yaml"), parse(f"{head}}}}}}}", "x.yaml")
    assert without.pipeline.feature_store.retry == RetryConfig(attempts=4, budget_ratio=None)
    assert default.pipeline.feature_store.retry == RetryConfig(attempts=4, budget_ratio=0.1)
    assert parse(resolved(without), "again.yaml") == without


def test_every_problem_is_reported_in_one_pass() -> None:
    """Twelve mistakes give twelve lines, in the order of the file, each with rule, value and remedy."""
    text = """\
name: drill
clok: real
seed: -3
world: {fraud_ratio: lots}
phases:
  - {name: calm, duration: 20, rate: 1000}
  - {name: calm, duration: 20s, rate: quick, ramp_too: 8000}
faults:
  - {name: down, kind: model_oops, at: 1s, duration: 5s}
alerts: [{alert: Bad, expr: "latency.p59 > 1ms"}]
expect:
  - {name: tail, during: clam, expr: "latency.p95 < 50"}
  - {name: seen, alert: Bda, fires_within: 8s, during: down}
"""
    assert lines(text) == [
        "drill.yaml:2:1: clok is not a known key; did you mean clock?",
        "drill.yaml:3:7: seed must be at least 0, got -3; change the value",
        "drill.yaml:4:22: world.fraud_ratio must be a number, got lots; write digits, as in 100 or 0.5",
        'drill.yaml:6:28: phases[0].duration must be a duration with a unit, got 20; "20s or 20ms?"',
        "drill.yaml:7:12: phases[1].name must be unique; phases[0] has it too, got calm; rename one",
        "drill.yaml:7:39: phases[1].rate must be a rate, got quick; write 1000, or 1.5x capacity",
        "drill.yaml:7:46: phases[1].ramp_too is not a known key; did you mean ramp_to?",
        (
            "drill.yaml:9:24: faults[0].kind is not a known kind, got model_oops; did you mean model_errors? "
            "python -m sim faults lists them"
        ),
        (
            "drill.yaml:10:30: alerts[0].expr is not a condition: latency.p59 is not a metric; "
            "of latency there are p50, p95, p99, p99_9, mean, max; python -m sim metrics lists them"
        ),
        "drill.yaml:12:26: expect[0].during must name a phase, a fault, a step or always, got clam; did you mean calm?",
        "drill.yaml:12:53: expect[0].expr is not a condition: latency.p95 is a time, 50 needs a unit: 50ms?",
        "drill.yaml:13:25: expect[1].alert must name an alert, got Bda; did you mean Bad?",
    ]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", ":1:1", "empty"),
        ("# nothing\n", ":1:1", "empty"),
        ("- a\n- b\n", ":1:1", "must be a mapping"),
        ("just words", ":1:1", "must be a mapping"),
        ("name: [1, 2\nphases: []", ":1:7", "a [ opens here and does not close"),
        ("name: x\n\tphases: 1", ":2:1", "a tab stands where only spaces may; indent with spaces"),
        ("name: *nobody\n", ":1:7", "*nobody refers to nothing above it"),
        ("a: 1\n---\nb: 2\n", ":2:1", "begins a second document"),
        ("name: a\x01b\n", ":1:8", "has a character that text cannot have: #x0001"),
        ("[" * 5_000, ":1:1", "nested too deeply"),
        ("? [a, b]\n: 1\n", ":1:3", "a key that is not text"),
        ("name: !!python/object/apply:os.system [ls]\n", ":1:7", "without tags"),
    ],
)
def test_what_is_no_scenario_is_refused_where_it_stops_being_one(text: str, place: str, words: str) -> None:
    """What is not YAML, or not a mapping, is a located error like any other."""
    found = problems(text)
    assert any(problem.place == f"drill.yaml{place}" and words in str(problem) for problem in found), found


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\xff\xfe\x00\x01binary", "1:1: must be UTF-8 text, got UTF-16; save it as UTF-8"),
        (b"\xffbinary", "1:1: must be UTF-8 text, got byte 0xff; save it as UTF-8"),
        (b"\x7fELF\x00\x00\x00", "1:1: has a character that text cannot have: #x007f"),
        (b"name: x\n" * 40_000, "1:1: a scenario has at most 262,144 bytes, got more; give a scenario, not its data"),
    ],
)
def test_file_that_is_no_text_is_refused(tmp_path: Path, raw: bytes, words: str) -> None:
    """A binary or a huge file is refused without being read to its end."""
    path = tmp_path / "drill.yaml"
    path.write_bytes(raw)
    with pytest.raises(InvalidScenarioError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:{words}")


def test_missing_file_and_folder_are_one_line_each(tmp_path: Path) -> None:
    """A path that leads to no readable file says so."""
    for path, words in (
        (tmp_path / "none.yaml", "no such file; check the path"),
        (tmp_path, "cannot be read, got Is a directory; give a readable YAML file"),
    ):
        with pytest.raises(InvalidScenarioError) as caught:
            load(path)
        assert str(caught.value) == f"{path}: {words}"


def test_repeated_key_is_refused_where_it_stands_again() -> None:
    """A key given twice is an error that names both places."""
    assert lines(SHORT + "seed: 1\nseed: 2\n") == [
        "drill.yaml:5:1: seed is given twice; remove one; the first is at drill.yaml:4:1"
    ]


def test_anchors_and_merge_keys_are_fine() -> None:
    """A phase can be another one with something changed."""
    text = "name: x\nphases:\n  - &calm {name: a, duration: 5s, rate: 10}\n  - {<<: *calm, name: b, rate: 20}\n"
    first, second = parse(text, "drill.yaml").phases
    assert (first.duration, second.duration) == (5_000_000_000, 5_000_000_000)
    assert second.rate is not None
    assert second.rate.per_s == 20


def test_anchors_cannot_unfold_without_end() -> None:
    """Aliases of aliases, and an alias inside itself, end in an error and not in memory."""
    phase = "{name: a, duration: 1s, rate: 1}"
    wide = f"name: x\nphases: [&p {phase}{', *p' * 15_000}]\n"
    assert "use fewer aliases" in "\n".join(lines(wide))
    assert lines("name: x\nphases: &p [*p]\n")
    assert lines("name: x\nphases: [&p {<<: *p, name: a}]\n")


def test_off_is_a_word_here() -> None:
    """YAML 1.1 reads off as false; a key that takes the word gets the word."""
    scenario = parse(SHORT + "pipeline: {log: {features: off}}\n", "drill.yaml")
    assert scenario.pipeline.log.features == "off"


def test_nothing_given_is_the_default() -> None:
    """A key with no value counts as absent; a required one is missing."""
    assert parse(SHORT + "faults:\nworld: ~\n", "drill.yaml").faults == ()
    assert lines("name:\nphases: [{name: a, duration: 1s, rate: 1}]\n") == ["drill.yaml:1:6: name is missing; add it"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("faults: [{name: down, kind: feature_store_outage, at: ▶10s, duration: 1s}]", "before the end of the run"),
        ("faults: [{name: down, kind: feature_store_outage, at: 8s, duration: ▶3s}]", "at most 2s are left"),
        ("faults: [{name: down, kind: feature_store_outage, at: 1s, duration: ▶0s}]", "must be more than 0s, got 0s"),
        ("faults: [{name: down, kind: feature_store_outage, at: ▶-1s, duration: 1s}]", "must be at least 0s, got -1s"),
        ("faults: [{name: ▶only, kind: feature_store_outage, at: 1s, duration: 1s}]", "phases[0] has it too"),
        ("faults: [{name: ▶always, kind: feature_store_outage, at: 1s, duration: 1s}]", "which means the whole run"),
        ("faults: [▶{kind: feature_store_outage, at: 1s, duration: 1s}]", "faults[0].name is missing"),
        ("faults: [▶{name: down}]", "faults[0].kind is missing; python -m sim faults lists them"),
        ("faults: [▶down]", "faults[0] must be a mapping, got down"),
        ("alerts: [{alert: ▶LatencyTailHigh, expr: 'latency.p95 > 1s'}]", "the name of a built-in alert"),
        ("alerts: [{alert: A, expr: '▶only.latency.p95 > 1s'}]", "only is neither a phase nor a fault"),
        ("expect: [{name: a, expr: 'latency.p95 <▶ '}]", "the expression ends where"),
        ("expect: [{name: a, expr: '▶psi.amont < 1'}]", "not a metric"),
        (
            "expect: [▶{name: a, expr: 'throughput > 1', alert: LatencyTailHigh}]",
            "one of expr, alert, never, got expr and alert",
        ),
        ("expect: [▶{name: a}]", "one of expr, alert, never, got none"),
        ("expect: [{name: a, expr: 'throughput > 1', within: ▶10s}]", "must leave time to measure in 10s"),
        ("expect: [{name: a, expr: 'throughput > 1', fires_within: ▶1s}]", "fires_within belongs to an alert"),
        ("expect: [▶{name: a, alert: LatencyTailHigh, during: only}]", "must say when the alert fires or resolves"),
        ("expect: [▶{name: a, alert: LatencyTailHigh, fires_within: 1s}]", "name the phase or fault that should cause"),
        ("expect: [{name: a, alert: LatencyTailHigh, during: only, fires_within: ▶11s}]", "end with the run, not 1s"),
        ("expect: [{name: a, alert: LatencyTailHigh, during: only, resolves_within: ▶1s}]", "not 1s after"),
        (
            "pipeline: {mailboxes: {scorer: {capacity: 10, shed_above: ▶11}}}",
            "must be at most capacity, 10, got 11; swap them",
        ),
        (
            "pipeline: {thresholds: {review: ▶0.9}}",
            "must be at most block, by default 0.7, got 0.9; lower it, or write block too",
        ),
        ("pipeline: {thresholds: {block: ▶0.1}}", "must be at least review, by default 0.3, got 0.1"),
        ("pipeline: {thresholds: {review: ▶0.9, block: 0.8}}", "must be at most block, 0.8, got 0.9; swap them"),
        ("pipeline: {thresholds: {review: ▶0}}", "must be more than 0, got 0"),
        ("world: {speed: ▶200000}", "must be at most 100000, got 200000"),
        ("world: {speed: ▶max}", "must be a number, since phases say when transactions arrive, got max"),
        ("pipeline: {scorer: {max_batch_size: ▶0}}", "must be at least 1, got 0"),
        ("pipeline: {memory_limit: ▶500}", '"500MB?"'),
        ("world: {cards: 1e3, merchants: ▶100.5}", "must be a whole number, got 100.5"),
        ("world: {cards: ▶'1000'}", "remove the quotes"),
        ("world: ▶[]", "must be a mapping, got a list"),
        ("seed: ▶.nan", "must be a whole number, got .nan"),
        ("seed: ▶99999999999999999999999", "must be less than 9,223,372,036,854,775,808"),
        ("external: ▶yes", "must be true or false, got yes"),
        ("external: ▶true", "needs data outside the repository"),
        ("version: ▶2", "must be 1, got 2"),
        ("clock: ▶vitual", "did you mean virtual?"),
        ("expect: [{name: a, expr: recall > 0.5, min_samples: ▶9}]", "min_samples counts the samples of a percentile"),
        ("expect: [{name: a, expr: latency.p95 < 1s, min_samples: ▶0}]", "min_samples must be at least 1, got 0"),
        ("alerts: [{alert: A, expr: error_ratio > ▶5}]", "says nothing about a run: error_ratio is a ratio, 0 to 1"),
        ("model: ▶nowhere", "must be a folder with a model, got nowhere"),
        ("hypothesis: ▶5", "put it in quotes"),
        ('hypothesis: ▶"\\e[31mred"', "must be text without control characters, got '\\x1b[31mred'; remove them"),
        ('model: ▶"a\\u0007b"', "must be text without control characters"),
        ("seed: ▶\u0663", "must be a whole number"),
        ("pipeline: {feature_store: {breaker: {window: 5, minimum_calls: ▶6}}}", "must be at most window, 5, got 6"),
        (
            "pipeline: {feature_store: {timeout: ▶2ms, hedge: {}}}",
            "timeout must be more than hedge.after, by default 3ms",
        ),
        ('hypothesis: ▶"\\ud800"', "must be text that UTF-8 can hold"),
        ('▶"\\ud800": 1', "is not a known key"),
        ("model: ▶" + "x" * 5_000, "must be a folder with a model"),
    ],
)
def test_broken_rule_is_named(more: str, words: str) -> None:
    """Each rule of the format is checked, and its line says rule and value, at the place of the value."""
    assert words in line_at_mark(SHORT + more + "\n")


@pytest.mark.parametrize("where", ["width: 4s", "width: 5s", "after: 1s, width: 4s"])
def test_a_spike_that_fits_is_taken(where: str) -> None:
    """Without a place it lies in the middle of its phase, however much of that it fills."""
    phases = f"[{{name: a, duration: 5s, rate: 1, arrivals: {{kind: spike, {where}}}}}]"
    scenario = parse(f"version: 1\nname: spiked\nphases: {phases}\n", "spiked.yaml")
    assert isinstance(scenario.phases[0].arrivals, Spike)


@pytest.mark.parametrize(
    ("phases", "words"),
    [
        ("[▶{name: a, rate: 1}]", "phases[0].duration is missing; add duration: 20s"),
        ("[▶{name: a, duration: 1s}]", "phases[0].rate is missing; add rate: 1000"),
        ("[{name: a, duration: ▶0s, rate: 1}]", "must be more than 0s"),
        ("[{name: a, duration: 1s, rate: ▶-1}]", "must be a rate of 0, or from 1e-9"),
        ("[{name: ▶5, duration: 1s, rate: 1}]", "must be a name"),
        ("[{name: ▶a--b, duration: 1s, rate: 1}]", "must be a name"),
        ("[{name: a, duration: 5s, rate: 1, arrivals: ▶poison}]", "did you mean poisson?"),
        (
            "[{name: a, duration: 5s, rate: 1, arrivals: ▶{kind: spike, width: 6s}}]",
            "must have its spike, which lasts 6s, within the phase of 5s",
        ),
        (
            "[{name: a, duration: 500ms, rate: 1, arrivals: ▶spike}]",
            "lasts 1s by default, within the phase of 500ms",
        ),
        ("[{name: a, duration: 5s, rate: 1, arrivals: {kind: sine, amplitude: ▶2}}]", "must be at most 1, got 2"),
        ("▶[{name: a, duration: 3660d, rate: 1}, {name: b, duration: 1s, rate: 1}]", "at most 10 years in all"),
    ],
)
def test_phase_must_make_sense(phases: str, words: str) -> None:
    """A phase has a length and a load, and its arrivals fit into it."""
    assert words in line_at_mark(f"name: x\nphases: {phases}\n")


def test_scenario_without_phases_is_refused() -> None:
    """Load is what a scenario cannot do without."""
    assert line_at_mark("▶name: x\n").startswith("phases is missing; add")
    assert line_at_mark("name: x\nphases: ▶[]\n").startswith("phases must have at least one phase, got a list")


def test_error_inside_an_expression_is_located_at_its_character() -> None:
    """The column of a problem in an expression is that of the wrong word, quoted or not."""
    plain = problems(SHORT + "expect:\n  - {name: a, expr: throughput > latncy.p95}\n")[0]
    quoted = problems(SHORT + "expect:\n  - {name: a, expr: 'throughput > latncy.p95'}\n")[0]
    assert (plain.place, quoted.place) == ("drill.yaml:5:34", "drill.yaml:5:35")


def test_broken_part_does_not_hide_the_rest_nor_add_to_it() -> None:
    """A fault of unknown kind is still a name to refer to, and a broken phase leaves no time to judge others by."""
    text = SHORT + "faults: [{name: down, kind: nonsense}]\nexpect: [{name: a, during: down, expr: throughput > 1}]\n"
    assert [problem.path for problem in problems(text)] == ["faults[0].kind"]
    text = SHORT.replace("10s", "10") + FAULT
    assert [problem.path for problem in problems(text)] == ["phases[0].duration"]


def test_external_data_may_be_absent_from_bulk_commands_only() -> None:
    """A file outside the repository is required to run a scenario, and not to list it."""
    assert parse(REPLAY, "drill.yaml", files_required=False).external
    remedy = "check the path, or give it: --set events.file=PATH"
    there = f"(looked for in {Path.cwd()}, the folder of the scenario)"
    assert lines(REPLAY) == [f"drill.yaml:4:9: events.file must be a file, got nowhere.parquet {there}; {remedy}"]
    inside = REPLAY.replace("external: true\n", "")
    assert line_at_mark(inside.replace("nowhere", "▶nowhere"), files_required=False).startswith(
        "events.file must be a file"
    )


def test_replay_without_phases_is_one_phase_as_long_as_its_events() -> None:
    """A file of events says how much load arrives."""
    (phase,) = parse(REPLAY, "drill.yaml", files_required=False).phases
    assert (phase.name, phase.duration, phase.rate) == ("replay", None, None)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("phases: [{name: a, rate: ▶10}]", "the events say when transactions arrive"),
        ("phases: [▶{name: a}, {name: b}]", "only the last phase may last as long as the events"),
        ("world: ▶{cards: 1000}", "the transactions come from events"),
        (
            "expect: [{name: a, alert: LatencyTailHigh, during: always, resolves_within: ▶5s}]",
            "counts from the end of its span, which is that of the run",
        ),
    ],
)
def test_replay_takes_its_load_from_its_events(more: str, words: str) -> None:
    """What the events decide cannot be said twice."""
    assert words in line_at_mark(REPLAY + more + "\n", files_required=False)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("test: [2018-08-08, 2018-08-14]", "test: ▶[2018-08-14, 2018-08-08]", "must end after it starts"),
        ("test: [2018-08-08, 2018-08-14]", "test: ▶[2018-07-30, 2018-08-14]", "must start after train ends"),
        ("test: [2018-08-08, 2018-08-14]", "test: ▶2018-08-08", "must be a pair"),
        ("test: [2018-08-08, 2018-08-14]", "test: [2018-08-08, ▶soon]", "must be a date"),
        ("nowhere.parquet", "▶nowhere.xlsx", "is a spreadsheet: save it as CSV"),
        ("nowhere.parquet", "▶nowhere.odd", "must end in one of .csv"),
        ("{id: ID, event_time: TIME, card: CARD", "▶{id: ID, event_time: TIME", "events.columns.card is missing"),
        ("known_card_filter: true", "timezone: ▶Mars/Base", "must be a time zone"),
        ("known_card_filter: true", "speed: ▶0", "must be a number from 1e-6 to 1e9, or max"),
        ("known_card_filter: true", "from: ▶2018-08-20", "must leave events to replay"),
    ],
)
def test_events_must_make_sense(old: str, new: str, words: str) -> None:
    """Spans follow each other, columns are mapped, the format is one that is read."""
    assert words in line_at_mark(REPLAY.replace(old, new), files_required=False)
