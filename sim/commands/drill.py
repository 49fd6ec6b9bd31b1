"""The command ``drill``: a scenario played blind at the screen, and its debrief."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.commands.console import ModelFolder, Overrides


def _place(word: str) -> Any:  # noqa: ANN401 - as typer wants a parser
    from sim.drill.command import drill_place

    return drill_place(word)


def drill(
    scenario: Annotated[
        Path,
        typer.Argument(
            help="Scenario file, name of a shipped one, or a folder of them, of which one is drawn.",
            metavar="SCENARIO|FOLDER",
            parser=_place,
        ),
    ],
    model: ModelFolder = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Overrules the scenario's seed; it draws the scenario of a folder and a surprise, by default another."
        ),
    ] = None,
    overrides: Overrides = None,
    hints: Annotated[bool, typer.Option("--hints", help="Show the line that tells in words what is going on.")] = False,  # noqa: FBT002 - an option gets its value so
    surprise: Annotated[
        str | None,
        typer.Option(
            help="Faults drawn by the seed: how many, or as in '{faults: 2, from: [model], between: [10s, 40s]}'."
        ),
    ] = None,
    price: Annotated[bool, typer.Option(help="Find out afterwards what each minute cost.")] = True,  # noqa: FBT002 - as above
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run's files; by default a new one under runs/.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="Asciicast of the screen, with markers; it names nothing before you do.")
    ] = None,
) -> int:
    """Play a scenario blind: find out at the screen what is broken.

    The scenario's name, hypothesis, expectations, phases and faults stay hidden until they are named or the run is
    over. In it d calls what is broken and how, a acknowledges an alert, m rolls the model back, + and - change the
    rate, and r ends the incident. Afterwards the debrief says when each fault came, was seen by an alert, acknowledged,
    called, named and over; debrief.json has the same, and what each minute cost in decisions and dollars.
    docs/game_day.md leads through a whole game day.

    Exit code: 0 pass, 99 fail, 3 inconclusive, 2 input that cannot be used, 130 interrupted; of the scenario's own
    expectations, as far as the drill came.

    Example: python -m sim drill feature_store_outage
    """
    from sim.commands.console import progress_bar
    from sim.drill.command import DrillRequest
    from sim.drill.command import drill as played
    from sim.page.writing import report_of

    bar = partial(progress_bar, {}) if price else None
    return played(
        DrillRequest(scenario, model, tuple(overrides or ()), seed, hints, surprise, bar, out, record, report_of)
    )
