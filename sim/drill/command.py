"""From a request on the command line to a blind drill and its debrief."""

import secrets  # noqa: TID251 - nobody is to know what is drawn; the seed is told, and draws it again
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from actors.core.errors import InputError, RiskdrillError, ScenarioError
from dashboard.live import wants_live
from sim.chance import Streams
from sim.operator.blindfold import Blindfold
from sim.operator.refusals import FORBIDDEN
from sim.run.command import Report, Request, run_scenario
from sim.scenario.loader import load, surprises_anew
from sim.scenario.scenario import Scenario
from sim.scenario.shipped import scenario_file

if TYPE_CHECKING:
    from sim.drill.debrief import Debrief
    from sim.report.run_folder import RunFolder
    from sim.run.execution import Result
    from sim.run.plan import Plan
    from sim.training.progress import Progress

    Bar = Callable[[], AbstractContextManager[Progress]]

NO_TERMINAL: Final = (
    "drill: needs a terminal with a keyboard, since it is played at the screen; run plays a scenario without one"
)
FRESH: Final = 1_000_000  # seeds that nobody has said are below it: they can be read out and typed


@dataclass(frozen=True, slots=True)
class DrillRequest:
    """What the command line asks for.

    Attributes:
        place: a scenario, or a folder of them, of which one is drawn.
        model: folder of a model; None chooses.
        overrides: ``PATH=VALUE`` each.
        seed: of the draw and of the run; None: the scenario's own, but a fresh one for a folder and for a surprise.
        hints: show the line in words.
        surprise: faults to draw: how many, or as a scenario says it; None: those of the scenario.
        bar: shows how far the price has come; None leaves the price out.
        out: folder for the run's files; None makes one.
        report: makes a report of it when its debrief is there; None makes none.
        record: file for a recording of the screen; None records nothing.
    """

    place: Path
    model: Path | None = None
    overrides: tuple[str, ...] = ()
    seed: int | None = None
    hints: bool = False
    surprise: str | None = None
    bar: "Bar | None" = None
    out: Path | None = None
    record: Path | None = None
    report: Report | None = None


def drill(request: DrillRequest) -> int:
    """Play what is asked for; return the exit code.

    Raises:
        InputError: it cannot be played; nothing has run.
        TrainingRefused: a model had to be trained and missed its gates.
    """
    if not wants_live("auto"):
        raise InputError(NO_TERMINAL)
    file, seed, said = request.place, request.seed, (*request.overrides, *_surprise(request.surprise))
    if request.place.is_dir():
        seed = secrets.randbelow(FRESH) if seed is None else seed
        file = drawn(request.place, seed, said)
    elif seed is None and surprises_anew(file, said):
        seed = secrets.randbelow(FRESH)
    overrides = (*said, *(() if seed is None else (f"seed={seed}",)))
    scenario = load(file, overrides, needs_model=request.model is None)
    if why := undrillable(scenario):
        raise InputError(f"{file}: {why}")
    played = Request(
        scenario=file,
        model=request.model,
        overrides=overrides,
        out=request.out,
        record=request.record,
        blind=Blindfold(hints=request.hints),
        report=request.report,
        afterwards=partial(_debriefed, request.bar),
    )
    return run_scenario(played)


def undrillable(scenario: Scenario) -> str:
    """Return why ``scenario`` cannot be played blind, and what to do; "" where it can."""
    if not scenario.interactive:
        return FORBIDDEN
    if scenario.clock != "real":
        return "nobody can play on the virtual clock; add --set clock=real"
    if not scenario.faults:
        return "has no fault, so that there is nothing to find; add --surprise 1 to draw one"
    return ""


def drawn(folder: Path, seed: int, overrides: tuple[str, ...]) -> Path:
    """Return a scenario of ``folder`` that can be played blind, drawn by ``seed``.

    Raises:
        ScenarioError: there is none, or one of the files there is not valid.
    """
    fit = [file for file in sorted(folder.glob("*.yaml")) if _fits(load(file, overrides, files_required=False))]
    if not fit:
        there = "none of its scenarios can be played blind" if any(folder.glob("*.yaml")) else "has no scenario"
        raise ScenarioError(f"{folder}: {there}; name a folder of *.yaml files with faults in them")
    return fit[int(Streams(seed)["drill"].integers(len(fit)))]


def _fits(scenario: Scenario) -> bool:
    return not scenario.external and not undrillable(scenario)


def drill_place(word: str) -> Path:
    """Return the file or folder that ``word`` means: a path, or the name of a shipped scenario.

    Raises:
        ScenarioError: there is none.
    """
    place = Path(word)
    return place if place.is_dir() else scenario_file(word)


def _surprise(said: str | None) -> tuple[str, ...]:
    """Return the override that asks for a surprise.

    Raises:
        InputError: it is neither a number nor a mapping; of a mapping more is checked with the scenario.
    """
    if said is None:
        return ()
    if said.isdecimal():
        return (f"surprise={{faults: {said}}}",)
    if not said.lstrip().startswith("{"):
        rule = "must be a number of faults, or a mapping"
        raise InputError(f"--surprise {said}: {rule}; write 2, or '{{faults: 2, from: [model]}}'")
    return (f"surprise={said}",)


def _debriefed(bar: "Bar | None", plan: "Plan", result: "Result", folder: "RunFolder") -> int:
    """Write and print the debrief of a drill that is over; return the run's exit code."""
    import msgspec
    from rich.console import Console

    from sim.drill.debrief import NOTHING_CAME, debrief, debrief_text
    from sim.drill.printing import print_debrief, print_price
    from sim.report.run_folder import DEBRIEF

    if plan.blind is None or result.incident is None:
        raise AssertionError("a drill is played blind")
    told = debrief(plan.scenario, result.summary, result.journal, result.incident, hints=plan.blind.hints)
    if not told.most:
        bar, told = None, msgspec.structs.replace(told, unpriced=NOTHING_CAME)
    folder.write(DEBRIEF, debrief_text(told))
    print_debrief(told, plan.scenario.hypothesis, Console())
    if bar is not None:
        told = _with_price(told, bar, plan, folder)
        folder.write(DEBRIEF, debrief_text(told))
        print_price(told, Console())
    return result.exit_code


def _with_price(told: "Debrief", bar: "Bar", plan: "Plan", folder: "RunFolder") -> "Debrief":
    """Return the debrief with what the faults cost, or with the reason why that is not known."""
    import msgspec

    from sim.drill.price import price
    from sim.report.run_folder import AS_PLAYED

    try:
        with bar() as progress:
            found = price(folder.file(AS_PLAYED), plan.artifact.folder, progress)
    except KeyboardInterrupt:
        return msgspec.structs.replace(told, unpriced="interrupted")
    except RiskdrillError as error:
        return msgspec.structs.replace(told, unpriced=str(error))
    return msgspec.structs.replace(told, price=found, unpriced="")
