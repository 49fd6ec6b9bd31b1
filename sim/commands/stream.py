"""Commands of runs on a stream: ``produce`` sends, ``worker`` decides, ``refresh`` keeps batch features fresh."""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from actors.core.errors import InputError
from sim.commands.console import (
    Length,
    MetricsAddr,
    ModelFolder,
    Overrides,
    ScenarioFile,
    Seed,
    metrics_address,
    say_once,
)

if TYPE_CHECKING:
    from sim.coordinator.stream_workers import StreamRequest
    from sim.metrics_endpoint.address import MetricsAddress
    from sim.scenario.scenario import Scenario

_SLOT: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
Stream = Annotated[
    str,
    typer.Option(help="Where transactions stream, as in kafka://127.0.0.1:19092/riskdrill.", metavar="URL"),
]
Store = Annotated[
    str,
    typer.Option(help="Where windows and features are kept, as in redis://127.0.0.1:16379.", metavar="URL"),
]
StreamConfig = Annotated[
    Path | None,
    typer.Option(help="File of client settings, name = value a line; ${NAME} is taken from the environment."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it although a server is not on this machine.")]
Discard = Annotated[
    str | None, typer.Option(help="Give up what this earlier run left undecided on the stream.", metavar="ID")
]


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What the command line says of a run on a stream; None where it says nothing."""

    stream: str | None
    store: str | None
    config: Path | None
    workers: int | None
    discard: str | None
    agreed: bool
    metrics: "MetricsAddress | None" = None

    def as_written(self) -> tuple[str, ...]:
        """Return them as they stand on a command line."""
        named = {
            "--stream": self.stream,
            "--store": self.store,
            "--stream-config": self.config,
            "--workers": self.workers,
            "--discard": self.discard,
        }
        words = tuple(word for name, value in named.items() if value is not None for word in (name, str(value)))
        return (*words, "--yes") if self.agreed else words


def stream_request(options: StreamOptions, scenario: "Scenario") -> "StreamRequest | None":
    """Return where the workers of a run are, and how many are started; None where neither side names a stream.

    Raises:
        InputError: an address is missing or cannot be used, or is another machine's and nobody has agreed.
    """
    from sim.scenario.pipeline import on_servers

    said = on_servers(scenario.pipeline)
    if options.stream is None and options.store is None and not said:
        for name, value in (
            ("--workers", options.workers),
            ("--stream-config", options.config),
            ("--discard", options.discard),
        ):
            if value is not None:
                raise InputError(f"{name} {value}: is for a run on a stream; add --stream and --store")
        return None
    from sim.coordinator.request import said_places
    from sim.coordinator.stream_workers import StreamRequest
    from sim.stream.places import agreed_places

    stream, store = said_places(scenario)
    stream, store = options.stream or stream, options.store or store
    if stream is None or store is None:
        named = "--stream" if options.stream else "--store" if options.store else next(iter(said))
        missing = " and ".join(name for name, url in (("--stream", stream), ("--store", store)) if url is None)
        why = "workers take transactions from one, and have their state and batch features in the other"
        raise InputError(f"{named}: needs {missing} too: {why}")
    what = "topics are made there, transactions sent and keys written that begin with rd:"
    places = agreed_places(stream, store, options.config, what, agreed=options.agreed)
    return StreamRequest(places, options.workers, options.discard, options.metrics)


def produce(  # noqa: PLR0913, PLR0917 - an argument an option
    scenario: ScenarioFile,
    stream: Annotated[
        str | None, typer.Option(help="Where to, as in kafka://127.0.0.1:19092/riskdrill.", metavar="URL")
    ] = None,
    store: Annotated[
        str | None, typer.Option(help="Where batch features are kept, as in redis://127.0.0.1:16379.", metavar="URL")
    ] = None,
    model: ModelFolder = None,
    seed: Seed = None,
    overrides: Overrides = None,
    duration: Length = None,
    stream_config: StreamConfig = None,
    discard: Discard = None,
    yes: Yes = False,  # noqa: FBT002 - an option gets its value so
) -> int:
    """Produce a scenario's transactions on a stream, for workers that run elsewhere to decide.

    It is the half of `run` that sends: it announces a run, waits up to 30 s for the first worker, sends each
    transaction when it is due, whatever workers do, keeps batch features fresh, and has faults and steps happen at
    their instants. It reads no decision, judges nothing and writes no file; every 5 s it says how far it is. At the
    end it waits until workers have decided what was sent. Ctrl-C sends nothing more and waits for that; a second one
    does not wait.

    Exit code: 0 all is sent and decided, 99 not all is, 2 input that cannot be used, 130 interrupted.

    Example: python -m sim produce burst --stream kafka://127.0.0.1:19092/riskdrill --store redis://127.0.0.1:16379
    """
    from sim.coordinator.producer_command import produce_scenario
    from sim.run.command import Request

    options = StreamOptions(stream, store, stream_config, None, discard, agreed=yes)

    def stream_of(read: "Scenario") -> "StreamRequest":
        request = stream_request(options, read)
        if request is None:
            raise InputError("produce: needs --stream and --store: transactions go to one, batch features to the other")
        return request

    words = [*(overrides or ()), *([] if seed is None else [f"seed={seed}"])]
    request = Request(scenario, model, tuple(words), duration)
    return produce_scenario(request, stream_of, say_once(), partial(typer.echo, err=True))


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
    metrics_addr: MetricsAddr = None,
    stream_config: StreamConfig = None,
    yes: Yes = False,  # noqa: FBT002 - an option gets its value so
) -> int:
    """Take part in runs on a stream: decide the transactions of some partitions.

    It waits for a run, decides until that ends, and waits for the next one. SIGTERM and Ctrl-C let it decide and commit
    what it has taken; a second one does not.

    Exit code: 0 ended as asked, 2 refused, or input that cannot be used, 75 it could not go on: start it again, 66 its
    transactions are not there any more: start a new run.

    Example: python -m sim worker --stream kafka://127.0.0.1:19092/riskdrill --store redis://127.0.0.1:16379
    """
    from sim.stream.places import agreed_places
    from sim.stream.worker import WorkerOptions
    from sim.stream.worker_metrics import MetricsPlace
    from sim.stream.worker_process import run_worker

    if slot is not None and not _SLOT.fullmatch(slot):
        raise InputError(f"--slot {slot}: must be up to 64 letters, digits, '.', '_' and '-', as in w0")
    what = "the worker takes transactions there, commits decisions and writes keys that begin with rd:"
    places = agreed_places(stream, store, stream_config, what, agreed=yes)
    metrics = metrics_address(metrics_addr)
    place = None if metrics is None else MetricsPlace(metrics)
    return run_worker(places, WorkerOptions(slot, model, run, place))


def refresh(
    stream: Stream,
    store: Store,
    run: Annotated[str, typer.Option(help="The run whose workers look the features up.", metavar="ID")],
    model: Annotated[Path, typer.Option(help="Model folder; its state is the history before the stream.")],
    labels: Annotated[
        Path | None, typer.Option(help="File of labels, one JSON document a line, beside those of the stream's topic.")
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(help="Scenario of the run, where that names topics or maps messages that are not ours."),
    ] = None,
    stream_config: StreamConfig = None,
    yes: Yes = False,  # noqa: FBT002 - an option gets its value so
) -> int:
    """Keep the batch features of a run fresh, for workers that decide without ``run``, which does this itself.

    It reads the topics of transactions and of labels from the first message that is still there, and publishes a table
    at once and at each sixth hour of event time. Ctrl-C and SIGTERM end it; the last table is served on for a day.

    Exit code: 0 ended as asked, 2 a server, the model or the labels cannot be used.

    Example: python -m sim refresh --stream kafka://127.0.0.1:19092/riskdrill --store redis://127.0.0.1:16379
    --run live --model models/mine
    """
    from sim.stream.places import agreed_places

    if not _SLOT.fullmatch(run):
        raise InputError(f"--run {run}: must be up to 64 letters, digits, '.', '_' and '-'")
    what = "transactions and labels are read there, and keys written that begin with rd:"
    places = agreed_places(stream, store, stream_config, what, agreed=yes)
    from sim.stream.refresh import RefreshOptions, run_refresh

    if scenario is None:
        return run_refresh(places, RefreshOptions(run, model, labels))
    from sim.coordinator.request import with_own_topics
    from sim.scenario.loader import load, placing
    from sim.scenario.pipeline import mapped_source

    with placing(scenario):
        said = load(scenario)
        places = with_own_topics(said, places)
    return run_refresh(places, RefreshOptions(run, model, labels, mapped_source(said.pipeline)))
