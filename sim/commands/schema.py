"""``schema``: the JSON Schema of a scenario, or of a file of figures."""

from enum import StrEnum
from typing import Annotated

import typer


class Of(StrEnum):
    """What there is a schema of."""

    SCENARIO = "scenario"
    SUMMARY = "summary"
    TWIN = "twin"
    EXPLORE = "explore"


def schema(of: Annotated[Of, typer.Argument(help="What the schema describes.")] = Of.SCENARIO) -> int:
    """Print a JSON Schema.

    With the schema of scenarios an editor completes and checks a scenario while you type; those of summary, twin
    and explore describe each key of summary.json, twin.json and explore.json.

    Example: python -m sim schema > scenario.schema.json
    """
    if of is Of.SUMMARY:
        from sim.report.summary import summary_schema

        typer.echo(summary_schema().decode(), nl=False)
    elif of is Of.TWIN:
        from sim.twin.result import twin_schema

        typer.echo(twin_schema().decode(), nl=False)
    elif of is Of.EXPLORE:
        from sim.explore.result import exploration_schema

        typer.echo(exploration_schema().decode(), nl=False)
    else:
        from sim.scenario.json_schema import schema_json

        typer.echo(schema_json(), nl=False)
    return 0
