"""From a request on the command line to a run and its exit code: scenario, folder, screen, model, capacity, run."""

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from actors.core.errors import OutputError, ScenarioError
from dashboard.cast import SUFFIX as CAST
from dashboard.frame import Frame, Notice
from dashboard.live import open_screen, wants_live
from sim.metrics_endpoint.address import MetricsAddress
from sim.metrics_endpoint.endpoint import Endpoint, serving
from sim.operator.blindfold import FOLDER, TITLE, Blindfold
from sim.report.run_folder import RunFolder
from sim.scenario.loader import load, placing
from sim.scenario.scenario import Scenario
from sim.scenario.timeline import Cut, cut
from sim.scenario.yaml_nodes import read_text
from sim.signals import unheard
from sim.units import parse_duration

if TYPE_CHECKING:
    from sim.run.execution import Compose, Result
    from sim.run.plan import Plan


SUFFIX = ".svg"


def check_picture(file: Path) -> None:
    """Check that a picture can be written to ``file``; what is there stays.

    Raises:
        OutputError: it cannot; nothing has run.
    """
    _check_file("--picture", file, "an SVG file", SUFFIX)


def check_recording(file: Path, *, live: bool) -> None:
    """Check that a recording of the screen can be written to ``file``; what is there stays.

    Raises:
        OutputError: it cannot, or there is no screen to record; nothing has run.
    """
    if not live:
        raise OutputError(f"--record {file}: there is no screen to record; run it in a terminal, without --tui off")
    _check_file("--record", file, "an asciicast", CAST)


def _check_file(option: str, file: Path, what: str, suffix: str) -> None:
    if file.suffix.lower() != suffix:
        raise OutputError(f"{option} {file}: must be {what} and end in {suffix}; name it {file.stem}{suffix}")
    there = file.exists() or file.is_symlink()
    try:
        os.close(_opened(file))
        if not there:
            file.unlink()
    except OSError as error:
        raise OutputError(f"{option} {file}: cannot be written: {error.strerror}; name another file") from error


def write_picture(frame: Frame, file: Path) -> str:
    """Write the picture of ``frame``; return why it could not be written, "" when it is.

    It never raises: the run has its verdict already.
    """
    from dashboard.screen import to_svg

    try:
        with os.fdopen(_opened(file, os.O_TRUNC), "w", encoding="utf-8") as out:
            out.write(to_svg(frame))
    except Exception as error:  # noqa: BLE001 - of whatever kind, the verdict's exit code stands
        why = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        return f"--picture {file}: cannot be written: {' '.join(why.split())}; the verdict is as said"
    return ""


def _opened(file: Path, more: int = 0) -> int:
    """Open ``file`` for writing without waiting for anyone.

    Raises:
        OSError: it cannot be written, or is no file but a pipe or a device.
    """
    if file.exists() and not file.is_file():
        raise OSError(0, "is not a file")
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | more, 0o644)


class Elsewhere(Protocol):
    """Where the pipeline of a run is, if not in its own process."""

    def check(self, shorter: Cut) -> Cut:
        """Return the scenario as it is run there.

        Raises:
            InputError: it cannot be.
            MachineError: what is there does not answer.
        """
        ...

    def compose(self, show: Callable[[Notice], None]) -> "Compose":
        """Return what puts the run together there."""
        ...


class Report(Protocol):
    """What makes a report of a run, with all else in its folder."""

    def __call__(self, folder: RunFolder, *, hurried: bool = False) -> None:
        """Make it; one who is ``hurried`` has pressed Ctrl-C and gets a line that says how to make it later."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for.

    Attributes:
        scenario: the file.
        model: folder of a model; None chooses.
        overrides: ``PATH=VALUE`` each.
        duration: where to cut the run, as written.
        out: folder for the run's files; None makes one.
        tui: auto, on or off.
        picture: SVG file for the last picture; None writes none.
        record: file for a recording of the screen; None records nothing.
        with_capacity: measure what the pipeline can do before the run; of a scenario without a file of transactions.
        elsewhere: given the scenario, returns where its pipeline is; None: in this process.
        metrics: where other systems read the run's figures; None nowhere.
        blind: hides what the scenario would give away; the screen then is the terminal's.
        report: makes a report of it; None makes none and keeps nothing for it.
        afterwards: given what was run and what it came to, with the screen gone and the folder still open, returns the
            exit code.
    """

    scenario: Path
    model: Path | None = None
    overrides: tuple[str, ...] = ()
    duration: str | None = None
    out: Path | None = None
    tui: str = "auto"
    picture: Path | None = None
    record: Path | None = None
    with_capacity: bool = False
    elsewhere: Callable[[Scenario], Elsewhere | None] = lambda _: None
    metrics: MetricsAddress | None = None
    blind: Blindfold | None = None
    report: Report | None = None
    afterwards: "Callable[[Plan, Result, RunFolder], int]" = lambda _plan, result, _folder: result.exit_code


def run_scenario(request: Request) -> int:
    """Run what is asked for; return the exit code of the verdict.

    Raises:
        InputError: something of the request cannot be used; nothing has run.
        TrainingRefused: a model had to be trained and missed its gates.
    """
    with placing(request.scenario, request.overrides):
        scenario = load(request.scenario, request.overrides, needs_model=request.model is None)
        return run_cut(shorten(scenario, request.duration), request)


def run_cut(shorter: Cut, request: Request) -> int:
    """Run a scenario that is loaded, cut or whole; otherwise as `run_scenario`."""
    elsewhere = request.elsewhere(shorter.scenario)
    name = shorter.scenario.name if request.blind is None else FOLDER
    with serving(request.metrics, _say) as endpoint, RunFolder.create(request.out, name) as folder:
        exit_code, hurried = _run_in(folder, shorter, request, elsewhere, endpoint)
        if request.report is not None:
            request.report(folder, hurried=hurried)
        return exit_code


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _run_in(
    folder: RunFolder, shorter: Cut, request: Request, elsewhere: Elsewhere | None, endpoint: Endpoint | None
) -> tuple[int, bool]:
    """Run; return the exit code, and whether someone has pressed Ctrl-C since the run ended."""
    for line in folder.notices():
        sys.stderr.write(f"{line}\n")
    if request.picture is not None:
        check_picture(request.picture)
    live = wants_live(request.tui)
    if request.record is not None:
        check_recording(request.record, live=live)
    screen = open_screen(live=live, record=request.record)
    _keep_quiet(live=live)
    try:
        screen.show(Notice(title=_starting(shorter.scenario, request)))
        # Imported with the screen up: LightGBM alone takes a second.
        from sim.operator.menu_choices import choices, drill_choices
        from sim.operator.refusals import refusal
        from sim.run.composition import Attachments
        from sim.run.execution import composed, execute
        from sim.run.plan import SyntheticLoad
        from sim.steps.mirrors import MOST_MIRRORS

        plan = planned(shorter, request, elsewhere, folder.path, screen.show, told=not live)
        compose = composed if elsewhere is None else elsewhere.compose(screen.show)
        refused = refusal(plan.clock, interactive=plan.scenario.interactive)
        plan = replace(
            plan, by_hand=live and not refused, blind=request.blind, overrides=request.overrides, measured=True
        )
        if request.report is not None:
            plan = replace(plan, reported=True, written=_as_written(request.scenario))
        if plan.by_hand and elsewhere is None and isinstance(plan.load, SyntheticLoad):
            plan = replace(plan, load=replace(plan.load, mirrors=MOST_MIRRORS))
        if request.blind is not None:
            screen.offer(drill_choices(plan.scenario, folder.path))
        elif live:
            screen.offer(choices(plan.scenario, refused, tuple(plan.candidates.values()), folder.path))
        result = execute(plan, folder, screen, Attachments(readers=endpoint), compose)
    except BaseException:
        screen.close()
        raise
    with unheard() as presses:
        screen.close(result.frame, _last_words(result, folder))
        if request.picture is not None and (problem := write_picture(result.frame, request.picture)):
            sys.stderr.write(f"{problem}\n")
    return request.afterwards(plan, result, folder), result.hurried or presses.more_than(0)


def planned(
    shorter: Cut,
    request: Request,
    elsewhere: Elsewhere | None,
    folder: Path,
    show: Callable[[Notice], None],
    *,
    told: bool,
) -> "Plan":
    """Return the plan of what is asked for, with a model that is trained if there is none.

    Args:
        shorter: the scenario, cut or whole.
        request: the rest of what is asked for.
        elsewhere: where its pipeline is; None: in this process.
        folder: for the run's files.
        show: told what takes its time.
        told: whether what was found out, and nobody has said, goes to standard error.

    Raises:
        InputError: something of it cannot be used.
        TrainingRefused: a model had to be trained and missed its gates.
    """
    from sim.run.model_choice import choose_model
    from sim.run.planning import prepare
    from sim.run.preflight import check_scenario, preflight

    if elsewhere is not None:
        shorter = elsewhere.check(shorter)
    settled = check_scenario(shorter, show)
    shorter = settled.shorter
    ready = preflight(shorter, request.model, show)
    for remark in (*settled.remarks, *ready.remarks) if told else ():
        sys.stderr.write(f"{remark}\n")
    show(Notice(title=_starting(shorter.scenario, request), detail=ready.length))
    artifact = ready.artifact or choose_model(shorter.scenario, request.model, show)
    plan = prepare(shorter, artifact, folder, show, ready.load, with_capacity=request.with_capacity)
    return replace(plan, warnings=(*settled.remarks, *plan.warnings))


def _as_written(file: Path) -> str:
    """Return the text of a scenario; "" of one that is in no file."""
    return read_text(file) if file.is_file() else ""


def _starting(scenario: Scenario, request: Request) -> str:
    return f"starting {scenario.name if request.blind is None else f'a {TITLE}'}"


def _keep_quiet(*, live: bool) -> None:
    """Keep warnings of a run off a live screen, which shows what they say; elsewhere they go to stderr."""
    for name in ("actors", "sim"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.handlers = [logging.NullHandler() if live else logging.StreamHandler()]


def shorten(scenario: Scenario, duration: str | None) -> Cut:
    """Return what ``--duration`` leaves of ``scenario``; None leaves all of it.

    Raises:
        ScenarioError: the duration is not one.
    """
    if duration is None:
        return Cut(scenario)
    try:
        span_ns = parse_duration(duration)
    except ValueError as error:
        raise ScenarioError(f"--duration {duration}: {error}") from error
    if span_ns <= 0:
        raise ScenarioError(f"--duration {duration}: must be positive; write it as in 20s")
    return cut(scenario, span_ns)


def _last_words(result: "Result", folder: RunFolder) -> str:
    """Return what the verdict rests on, which files are not whole, what was left out, and where the files are."""
    summary = result.summary
    lines = [f"{summary.verdict}: {reason}" for reason in summary.reasons]
    lines += [f"lost: {loss}" for loss in result.losses]
    lines += [f"not whole: {problem}" for problem in result.problems]
    lines += [f"skipped: {', '.join(summary.skipped)}"] if summary.skipped else []
    lines += [f"replaced: the earlier run there: {folder.replaces}"] if folder.replaces else []
    if not result.written:
        lines.append("no summary: it is not where it was to be written; the verdict above is all there is")
    return "\n".join([*lines, f"files in {folder.path}"])
