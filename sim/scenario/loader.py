"""A scenario file to a typed scenario, or to all of its problems at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import yaml

from sim.scenario.checks import addresses, files, limits, models, names, surprise, times, windows, workload
from sim.scenario.checks.view import View
from sim.scenario.overrides import apply_override
from sim.scenario.pipeline import mapped_source
from sim.scenario.problems import InvalidScenarioError, LateProblemError, Problem
from sim.scenario.scenario import LISTENING, REPLAY, Scenario
from sim.scenario.surprise import drawn
from sim.scenario.timeline import duration_ns, spans
from sim.scenario.yaml_nodes import compose, is_override, read_text
from sim.scenario.yaml_reader import YamlReader, home_of
from sim.steps.registry import ModelRelease

TOO_MANY = 100  # problems shown; a file with more is not a scenario


def load(
    path: Path | str, overrides: Sequence[str] = (), *, files_required: bool = True, needs_model: bool = False
) -> Scenario:
    """Return the scenario in the file at ``path``.

    Args:
        path: a YAML file.
        overrides: ``PATH=VALUE`` each, put in before anything is checked.
        files_required: what the scenario names must exist. Bulk commands say False and skip what `missing_files`
            returns for an external scenario; a file missing from one that is not external is an error all the same.
        needs_model: a model must be named in it, or be there to be trained; False where the command line names one.

    Raises:
        InvalidScenarioError: with every problem of the file, in the order of the file.
    """
    text, home = read_text(Path(path)), home_of(Path(path))
    return parse(text, str(path), overrides, files_required=files_required, needs_model=needs_model, home=home)


def parse(
    text: str,
    name: str,
    overrides: Sequence[str] = (),
    *,
    files_required: bool = True,
    needs_model: bool = False,
    home: Path | None = None,
) -> Scenario:
    """Return the scenario in ``text``. Otherwise like `load`.

    Args:
        text: YAML.
        name: stands for the file in errors.
        overrides: as of `load`.
        files_required: as of `load`.
        needs_model: as of `load`.
        home: folder to which its paths are relative; None is the working directory.
    """
    view, problems = _read(text, name, overrides, home or Path.cwd())
    problems += [*_check(view, files_required=files_required), *models.check_training(view, needs_model=needs_model)]
    if problems:
        raise InvalidScenarioError(sorted(_bounded(problems), key=_in_file_order))
    return _completed(view.scenario)


@contextmanager
def placing(path: Path | str, overrides: Sequence[str] = ()) -> Iterator[None]:
    """Give a problem of the scenario at ``path`` that shows late its line and column, or its override.

    Raises:
        InvalidScenarioError: what is done in this context met such a problem.
    """
    try:
        yield
    except LateProblemError as late:
        view, _ = _read(read_text(Path(path)), str(path), overrides, home_of(Path(path)))
        raise InvalidScenarioError([view.problem(view.path_of(late.path), late.rule, late.got, late.remedy)]) from late


def _read(text: str, name: str, overrides: Sequence[str], home: Path) -> tuple[View, list[Problem]]:
    """Return what the text says, and which values of it could not be read."""
    root = compose(text, name)
    if root is None:
        raise InvalidScenarioError([Problem(f"{name}:1:1", "", "the file is empty", remedy="give it name and phases")])
    if not isinstance(root, yaml.MappingNode):
        raise InvalidScenarioError([Problem(f"{name}:1:1", "", "must be a mapping", remedy="begin with name: …")])
    for override in overrides:
        root = apply_override(root, override, Scenario)
    reader = YamlReader(home)
    scenario = reader.read_struct(root, Scenario, "")
    reader.nodes[""] = root
    return View(scenario, reader.nodes, frozenset(reader.broken), reader.home), reader.problems


def reason_lines(path: Path) -> dict[str, int]:
    """Return the line of the file at ``path``, from 1, that a reason of a verdict comes from, by what that begins with.

    What an override brought has no line.

    Raises:
        InvalidScenarioError: the file is no scenario any more.
    """
    view, _ = _read(read_text(path), str(path), (), home_of(path))
    begins = {at: f"{each.name}: " for at, each in view.items("expect")}
    begins |= {at: f"fault {each.name} " for at, each in view.items("faults")}
    begins |= {at: f"step {each.name} " for at, each in view.items("steps")}
    begins["abort_on"] = "aborted at "
    return {begin: view.nodes[at].start_mark.line + 1 for at, begin in begins.items() if at in view.nodes}


def surprises_anew(path: Path, overrides: Sequence[str] = ()) -> bool:
    """Return whether the scenario at ``path`` leaves faults to its seed, and the seed to whoever plays it.

    Raises:
        InvalidScenarioError: the file is no scenario.
    """
    view, _ = _read(read_text(path), str(path), overrides, home_of(path))
    return view.given("surprise") and not view.given("seed")


def missing_files(scenario: Scenario) -> tuple[str, ...]:
    """Return the files and folders that ``scenario`` names and that are not there."""
    released = (step.model for step in scenario.steps if isinstance(step, ModelRelease))
    return files.missing_files((scenario.events.file if scenario.events else None, scenario.model, *released))


def _check(view: View, *, files_required: bool) -> Iterator[Problem]:
    yield from workload.check_workload(view)
    yield from limits.check_limits(view)
    yield from names.check_names(view)
    yield from times.check_faults(view)
    yield from times.check_times(view)
    yield from surprise.check_surprise(view)
    yield from models.check_releases(view)
    yield from names.check_expressions(view)
    yield from windows.check_windows(view)
    yield from addresses.check_addresses(view)
    yield from files.check_columns(view)
    yield from files.check_files(view, files_required=files_required or not view.scenario.external)


def _completed(scenario: Scenario) -> Scenario:
    """Return ``scenario`` with what is said by another value, so that it is the same when it is written and read."""
    if scenario.events is not None and not scenario.phases:
        scenario = msgspec.structs.replace(scenario, phases=(REPLAY,))
    if mapped_source(scenario.pipeline) is not None and not scenario.phases:
        scenario = msgspec.structs.replace(scenario, phases=(LISTENING,))
    store = scenario.pipeline.feature_store
    if store.breaker is not None and store.breaker.minimum_calls > store.breaker.window:
        breaker = msgspec.structs.replace(store.breaker, minimum_calls=store.breaker.window)
        store = msgspec.structs.replace(store, breaker=breaker)
        pipeline = msgspec.structs.replace(scenario.pipeline, feature_store=store)
        scenario = msgspec.structs.replace(scenario, pipeline=pipeline)
    return _surprised(scenario)


def _surprised(scenario: Scenario) -> Scenario:
    """Return ``scenario`` with the faults of its surprise in place of that."""
    run_ns = duration_ns(scenario)
    if scenario.surprise is None or run_ns is None:
        return scenario
    synthetic = scenario.events is None
    more = drawn(scenario.surprise, scenario.faults, spans(scenario), scenario.seed, run_ns, synthetic=synthetic)
    return msgspec.structs.replace(scenario, faults=(*scenario.faults, *more), surprise=None)


def _bounded(problems: list[Problem]) -> list[Problem]:
    unique = list(dict.fromkeys(problems))
    return unique[:TOO_MANY]


def _in_file_order(problem: Problem) -> tuple[bool, int, int]:
    """Overrides last; the others by line and column."""
    if is_override(problem.place):
        return True, 0, 0
    *_, line, column = problem.place.rsplit(":", 2)
    return False, int(line), int(column)
