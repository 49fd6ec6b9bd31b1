r"""What a CI job is told of a verdict: a workflow command of GitHub's for each reason, at the line that it is about.

Source: docs.github.com, "Workflow commands for GitHub Actions"; what is escaped, and how, is in actions/toolkit,
``packages/core/src/command.ts``.

Example:
    >>> annotation("error", "tail: 71 ms,\n100 % late", file="a,b.yaml", line=3, title="burst: fail")
    '::error file=a%2Cb.yaml,line=3,title=burst%3A fail::tail: 71 ms,%0A100 %25 late'
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from sim.report.summary import Summary
from sim.scenario.problems import Problem

Level = Literal["error", "warning"]

_TEXT: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_SPLIT: Final = 2  # of ``file:line:column`` from its end


def annotation(level: Level, text: str, **properties: str | int | None) -> str:
    """Return the command that shows ``text`` beside a file; properties without a value are left out."""
    said = ",".join(f"{name}={str(it).translate(_PROPERTY)}" for name, it in properties.items() if it not in (None, ""))
    return f"::{level}{' ' if said else ''}{said}::{text.translate(_TEXT)}"


def of_run(summary: Summary, file: Path, lines: Mapping[str, int], name: str) -> Iterator[str]:
    """Yield an annotation for each reason of a verdict: errors of what failed, warnings of what proves nothing.

    Args:
        summary: of the run.
        file: of its scenario.
        lines: where in it a reason comes from, by what the reason begins with.
        name: of the run, for the title.
    """
    place = seen_from_workspace(file)
    for number, reason in enumerate(summary.reasons):
        level: Level = "error" if number < summary.failures else "warning"
        begins = [each for each in lines if reason.startswith(each)]
        line = lines[max(begins, key=len)] if begins and place else None
        yield annotation(level, reason, file=place, line=line, title=f"{name}: {summary.verdict}")


def of_problems(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield an annotation for each broken rule of a scenario file."""
    for each in problems:
        file, *numbers = each.place.rsplit(":", _SPLIT)
        whole = len(numbers) == _SPLIT and all(number.isdigit() for number in numbers)
        place = seen_from_workspace(Path(file)) if whole else ""
        line, column = numbers if place else (None, None)
        yield annotation("error", str(each), file=place, line=line, col=column, title="riskdrill: cannot run")


def seen_from_workspace(file: Path) -> str:
    """Return ``file`` as GitHub names it, from the root of the checkout; "" for one that lies elsewhere."""
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    path = file.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
