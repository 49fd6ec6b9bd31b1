"""The options that commands share, each described once."""

from pathlib import Path
from typing import Annotated

import typer

ScenarioFile = Annotated[Path, typer.Argument(help="Scenario file.", metavar="SCENARIO")]
ModelFolder = Annotated[
    Path | None,
    typer.Option(help="Model folder. Without it the cached model of the scenario's world, trained if there is none."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a value, as in phases.burst.rate=2000; repeatable.", metavar="PATH=VALUE"),
]
Length = Annotated[
    str | None,
    typer.Option(
        "--duration", help="Cut the run short, as in 20s; what would start later is left out.", metavar="DURATION"
    ),
]
VIRTUAL = "clock=virtual"  # the override that puts a scenario on the virtual clock
