"""What waits for servers is ended by an interrupt between two steps of it, and never within one."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.adapters.kafka.address import parse_stream
from actors.adapters.redis.address import parse_store
from sim.coordinator import stream_workers
from sim.signals import ENDING, listen
from sim.stream import refresh, worker_process
from sim.stream.places import Places
from sim.stream.worker import WorkerOptions

PLACES = Places(parse_stream("kafka://127.0.0.1:1/drill"), parse_store("redis://127.0.0.1:1"))
PATIENCE_S = 10.0


@pytest.fixture(autouse=True)
def of_the_command_line() -> Iterator[None]:
    """Have signals raise at once, as they do outside a run."""
    before = {each: signal.getsignal(each) for each in (*ENDING, signal.SIGALRM)}
    hook = sys.unraisablehook
    listen()
    yield
    sys.unraisablehook = hook
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.parametrize("command", ["worker", "refresh", "run"])
def test_an_interrupt_before_a_server_has_answered_cancels_the_wait(
    command: str, world_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It raises nothing where it comes, so no callback of the event loop is lost."""
    commands: dict[str, Callable[[], object]] = {
        "worker": lambda: worker_process.run_worker(PLACES, WorkerOptions()),
        "refresh": lambda: refresh.run_refresh(PLACES, refresh.RefreshOptions("live", world_model)),
        "run": lambda: stream_workers.check_servers(stream_workers.StreamRequest(PLACES)),
    }
    steps: list[str] = []

    async def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)
        steps.append("goes on")
        try:
            await asyncio.sleep(PATIENCE_S)
        except asyncio.CancelledError:
            steps.append("is cancelled")
            raise

    for module in (worker_process, refresh, stream_workers):
        monkeypatch.setattr(module, "check_store", interrupted)
    with pytest.raises(KeyboardInterrupt):
        commands[command]()
    assert steps == ["goes on", "is cancelled"]
