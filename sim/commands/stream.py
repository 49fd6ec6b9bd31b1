"""Commands of runs on a stream: ``worker`` takes part in them, ``refresh`` keeps their features fresh."""

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from actors.core.errors import InputError

_SLOT: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
Stream = Annotated[
    str,
    typer.Option(help="Where transactions stream, as in kafka://127.0.0.1:19092/riskdrill.", metavar="URL"),
]
Store = Annotated[
    str,
    typer.Option(help="Where windows and features are kept, as in redis://127.0.0.1:6379.", metavar="URL"),
]
StreamConfig = Annotated[
    Path | None,
    typer.Option(help="File of client settings, name = value a line; ${NAME} is taken from the environment."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it although a server is not on this machine.")]


def worker(
    stream: Stream,
    store: Store,
    slot: Annotated[
        str | None,
        typer.Option(
            help="Name of a place that is always taken again: its partitions wait for the next process with it.",
            metavar="NAME",
        ),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Model folder. Without it the run's own, if it is on this machine.")
    ] = None,
    run: Annotated[str | None, typer.Option(help="Take part in this run only, and end with it.", metavar="ID")] = None,
    stream_config: StreamConfig = None,
    yes: Yes = False,  # noqa: FBT002 - an option gets its value so
) -> int:
    """Take part in runs on a stream: decide the transactions of some partitions.

    It waits for a run, decides until that ends, and waits for the next one. SIGTERM and Ctrl-C let it decide and commit
    what it has taken; a second one does not.

    Exit code: 0 ended as asked, 2 refused, or input that cannot be used, 75 it could not go on: start it again.

    Example: python -m sim worker --stream kafka://127.0.0.1:19092/riskdrill --store redis://127.0.0.1:6379
    """
    from sim.stream.places import agreed_places
    from sim.stream.worker import WorkerOptions
    from sim.stream.worker_process import run_worker

    if slot is not None and not _SLOT.fullmatch(slot):
        raise InputError(f"--slot {slot}: must be up to 64 letters, digits, '.', '_' and '-', as in w0")
    what = "the worker takes transactions there, commits decisions and writes keys that begin with rd:"
    places = agreed_places(stream, store, stream_config, what, agreed=yes)
    return run_worker(places, WorkerOptions(slot, model, run))


def refresh(
    stream: Stream,
    store: Store,
    run: Annotated[str, typer.Option(help="The run whose workers look the features up.", metavar="ID")],
    model: Annotated[Path, typer.Option(help="Model folder; its state is the history before the stream.")],
    labels: Annotated[
        Path | None, typer.Option(help="File of labels, one JSON document a line, beside those of the stream's topic.")
    ] = None,
    stream_config: StreamConfig = None,
    yes: Yes = False,  # noqa: FBT002 - an option gets its value so
) -> int:
    """Keep the batch features of a run fresh, for workers that decide without ``run``, which does this itself.

    It reads the topics of transactions and of labels from the first message that is still there, and publishes a table
    at once and at each sixth hour of event time. Ctrl-C and SIGTERM end it; the last table is served on for a day.

    Exit code: 0 ended as asked, 2 a server, the model or the labels cannot be used.

    Example: python -m sim refresh --stream kafka://127.0.0.1:19092/riskdrill --store redis://127.0.0.1:6379
    --run live --model models/mine
    """
    from sim.stream.places import agreed_places

    if not _SLOT.fullmatch(run):
        raise InputError(f"--run {run}: must be up to 64 letters, digits, '.', '_' and '-'")
    what = "transactions and labels are read there, and keys written that begin with rd:"
    places = agreed_places(stream, store, stream_config, what, agreed=yes)
    from sim.stream.refresh import RefreshOptions, run_refresh

    return run_refresh(places, RefreshOptions(run, model, labels))
