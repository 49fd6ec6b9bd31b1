"""``rollback``: lets a run that is under way return to the model before the last release."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

PATIENCE_S = 10.0  # a run looks once a second; a verification that is under way comes first
LOOK_EVERY_MS = 100


def rollback(
    folder: Annotated[Path, typer.Argument(help="Folder of the run, as it was named at its start.", metavar="RUN")],
) -> int:
    """Let a run on the real clock serve the model again that it served before the last release.

    The model before is still in the run's memory and has proved itself, so it serves from the next batch on. The
    request is a file in the run's folder, which the run takes away.

    Exit code: 0 rolled back, 2 it was not, and why.

    Example: python -m sim rollback runs/20260105-120000-burst
    """
    from actors.errors import InputError
    from sim.report.folder import JOURNAL, ROLLBACK, SCENARIO, SUMMARY
    from sim.report.lock import is_held

    if not (folder / SCENARIO).is_file():
        raise InputError(f"{folder}: must be the folder of a run, and is not; it is named when the run starts")
    if (folder / SUMMARY).exists():
        raise InputError(f"{folder}: must be of a run that is under way, and this one has ended")
    if not is_held(folder):
        raise InputError(f"{folder}: must be of a run that is under way, and this one was killed: nobody writes there")
    request, before = folder / ROLLBACK, _answers(folder / JOURNAL)
    try:
        request.touch()
    except OSError as error:
        raise InputError(f"{request}: cannot be written: {error.strerror}") from error
    asyncio.run(_wait_for(request))
    if request.exists():
        request.unlink(missing_ok=True)
        raise InputError(f"{folder}: no run answers within {PATIENCE_S:g} s; it must be on the real clock, and alive")
    answers = _answers(folder / JOURNAL)[len(before) :]
    kind, detail = answers[-1] if answers else ("", "the run ended before it answered")
    if kind != "model_swapped":
        raise InputError(f"{folder}: {detail}")
    typer.echo(f"rolled back: {detail}")
    return 0


async def _wait_for(request: Path) -> None:
    """Return when the run has taken up the request, or patience is at its end."""
    from actors.clock import NS_PER_MS, NS_PER_S, RealClock

    clock = RealClock()
    deadline_ns = clock.now_ns() + round(PATIENCE_S * NS_PER_S)
    while request.exists() and clock.now_ns() < deadline_ns:
        await clock.sleep_ns(LOOK_EVERY_MS * NS_PER_MS)
    clock.close()


def _answers(journal: Path) -> list[tuple[str, str]]:
    """Return kind and detail of what came of each request so far."""
    import msgspec

    from sim.journal import JournalEntry
    from sim.report.earlier import read_regular
    from sim.report.folder import ROLLBACK

    entries = []
    with suppress(OSError):
        for line in read_regular(journal)[0].splitlines():
            with suppress(ValueError):  # a line that is being written, or that someone else has changed
                entries.append(msgspec.json.decode(line, type=JournalEntry))
    return [(entry.kind, entry.detail) for entry in entries if entry.name == ROLLBACK]
