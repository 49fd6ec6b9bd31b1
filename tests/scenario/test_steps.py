"""Steps in a scenario file: read, refused with their place, and cut like everything else."""

from pathlib import Path

import pytest

from sim.scenario.loader import missing_files, parse
from sim.scenario.render import resolved
from sim.scenario.timeline import Span, cut, marks, spans
from sim.steps.registry import ModelRelease, ModelRollback
from sim.units import NS_PER
from tests.support.sim.scenario_texts import lines

S = NS_PER["s"]
HEAD = "name: drill\nphases: [{name: calm, duration: 20s, rate: 100}]\nsteps:\n"
RELEASE = "  - {name: out, kind: model_release, at: 5s, fit_seed: 3}\n"
ROLLBACK = "  - {name: back, kind: model_rollback, at: 9s}\n"


def test_steps_are_read_and_written_back() -> None:
    """What a file says of steps arrives typed, and the resolved scenario says the same."""
    scenario = parse(HEAD + RELEASE + ROLLBACK, "drill.yaml")
    assert scenario.steps == (
        ModelRelease(name="out", at=5 * S, fit_seed=3),
        ModelRollback(name="back", at=9 * S),
    )
    assert parse(resolved(scenario), "again.yaml") == scenario


def test_a_step_is_a_span_that_lasts_to_the_end() -> None:
    """Expectations may be about what comes after it, and a snapshot is taken at its instant."""
    expect = 'expect: [{name: after, during: out, expr: "out.error_ratio < 1%"}]\n'
    scenario = parse(HEAD + RELEASE + expect, "drill.yaml")
    assert spans(scenario)["out"] == Span(5 * S, 20 * S)
    assert 5 * S in marks(scenario)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            "{name: out, kind: model_swap, at: 5s}",
            "drill.yaml:4:23: steps[0].kind is not a known kind, got model_swap",
        ),
        (
            "{name: out, kind: model_release, at: 5s}",
            "drill.yaml:4:5: steps[0] must have one of model, fit_seed and trees, got none; name a folder, a seed",
        ),
        (
            "{name: out, kind: model_release, at: 5s, model: sim, fit_seed: 1}",
            "drill.yaml:4:5: steps[0] must have one of model, fit_seed and trees, got model and fit_seed; name a",
        ),
        (
            "{name: out, kind: model_release, at: 5s, model: nowhere}",
            "drill.yaml:4:53: steps[0].model must be a folder with a model, got nowhere (looked for in ",
        ),
        (
            "{name: out, kind: model_release, at: 20s, fit_seed: 1}",
            "drill.yaml:4:42: steps[0].at must be before the end of the run, which lasts 20s, got 20s; take it earlier",
        ),
        (
            "{name: calm, kind: model_release, at: 5s, fit_seed: 1}",
            "drill.yaml:4:12: steps[0].name must be unique; phases[0] has it too, got calm; rename one",
        ),
        (
            "{name: back, kind: model_rollback, at: 5s}",
            "drill.yaml:4:44: steps[0].at must come after a model_release, got 5s; release a model earlier",
        ),
        (
            "{name: out, kind: model_release, at: 1s, trees: 5}\n"
            + ROLLBACK.replace("9s", "9s, when: ScoreShit").rstrip(),
            "drill.yaml:5:54: steps[1].when must name an alert, got ScoreShit; did you mean ScoreShift?",
        ),
    ],
)
def test_an_impossible_step_is_refused_where_it_stands(step: str, told: str) -> None:
    """Kind, model, time and name are checked, each with place, rule and remedy."""
    (found,) = lines(f"{HEAD}  - {step}\n")
    assert found.startswith(told)


def test_a_bad_release_may_be_rolled_back() -> None:
    """The fault releases a model as a step does."""
    fault = "faults: [{name: bad, kind: model_bad_release, at: 2s, duration: 15s}]\n"
    assert parse(HEAD + ROLLBACK + fault, "drill.yaml").steps == (ModelRollback(name="back", at=9 * S),)


def test_a_cut_run_takes_the_steps_that_begin_in_it() -> None:
    """A later one is skipped by name, with what is expected after it."""
    expect = 'expect: [{name: after, during: back, expr: "error_ratio < 1%"}]\n'
    short = cut(parse(HEAD + RELEASE + ROLLBACK + expect, "drill.yaml"), 8 * S)
    assert [each.name for each in short.scenario.steps] == ["out"]
    assert short.skipped == ("step back", "expectation after")


def test_a_model_to_be_released_is_a_file_that_the_scenario_needs(tmp_path: Path) -> None:
    """Bulk commands skip an external scenario whose candidate is not there."""
    text = f"external: true\nmodel: {tmp_path}\n{HEAD}  - {{name: out, kind: model_release, at: 5s, model: nowhere}}\n"
    assert missing_files(parse(text, "drill.yaml", files_required=False)) == (str(Path.cwd() / "nowhere"),)
