"""Workers as children of a run: started in slots, started again at once when they die, ended with the run."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from actors.core.cancellation import surfacing_in
from actors.core.child_process import Child
from actors.core.clock import NS_PER_S, Clock
from actors.core.errors import EscalationError, MachineError, RiskdrillError
from actors.core.process_failures import how_ended, was_killed
from sim.coordinator.last_words import LastWords, Listener
from sim.coordinator.spare import READY, Spare, Started
from sim.coordinator.waiting import all_done
from sim.exit_codes import GONE, TRY_AGAIN
from sim.metrics_endpoint.address import MetricsAddress
from sim.stream.places import Places

QUICK_NS: Final = 3 * NS_PER_S  # a process that was ended by something else than its start has lived longer
MOST_QUICK: Final = 5  # deaths in a row, each soon after the start: it will not come up
SHORTENED_EVERY_S: Final = 10.0
RESPITE_S: Final = 15.0  # for the last commit of a child whose run is gone
UNHURRIED: Final = 10  # niceness while a spare is prepared: a tenth of what a busy worker gets


def be_worker(
    pipe: Connection,
    words: Listener,
    places: Places,
    slot: str | None,
    run: str,
    model: Path,
    metrics: MetricsAddress | None,
) -> None:
    """Be the worker in ``slot``, in a process of its own, and end with its exit code; end when the parent is gone.

    Without a slot it is a spare: it does all that comes before joining, says so, and waits for its parent to send one.
    """
    from sim.signals import listen

    with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor to put in another's place
        os.dup2(nowhere.fileno(), 1)  # the screen is the parent's
    words.take_standard_error()
    listen()
    turn = _Given(pipe)
    threading.Thread(target=turn.follow_parent, name="parent", daemon=True).start()
    if slot is None:
        preparing = threading.Thread(target=_prepare_unhurried, name="preparation", daemon=True)
        preparing.start()
        preparing.join()
    from sim.stream.worker import WorkerOptions
    from sim.stream.worker_metrics import MetricsPlace
    from sim.stream.worker_process import run_worker

    place = None if metrics is None else MetricsPlace(metrics, of_run=True)
    try:
        options = WorkerOptions(slot, model, run, place, child=True)
        code = run_worker(places, options, turn if slot is None else None)
    except MachineError as error:  # a broker that is away is waited for, by whoever starts this again
        sys.stderr.write(f"{error}\n")
        code = TRY_AGAIN
    if code:
        sys.exit(code)


def _prepare_unhurried() -> None:
    """Import and compile what a worker needs, while others have the processors; a priority is one thread's."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), UNHURRIED)
    from sim.kernel_warm_up import make_ready
    from sim.stream import worker_process  # noqa: F401 - so that it is there

    make_ready(lambda _: None)


class _Given:
    """A spare's end of the pipe; see `Turn`."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._slot: Future[str] = Future()

    def ready(self) -> None:
        """Tell the parent."""
        self._pipe.send(READY)

    async def slot(self) -> str:
        """Return what the parent sends."""
        return await asyncio.wrap_future(self._slot)

    def follow_parent(self) -> None:
        """Hear of the slot; drain when the parent is gone, and after a while end whatever happens."""
        with suppress(EOFError, OSError):
            while True:
                slot = self._pipe.recv()
                with suppress(InvalidStateError):  # it was told to end meanwhile
                    self._slot.set_result(slot)
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(RESPITE_S)
        os._exit(1)


class WorkerSupervisor:
    """The worker processes that a run has started itself.

    Args:
        places: servers that they work on.
        run: the run's id.
        model: folder of the model that they serve.
        count: how many.
        clock: tells a start that fails from a long life.
        died: told of each death: the slot, and how it died, "" if the process was asked to end.
        metrics: where the run's figures are served; those of each worker then are on the ports after it.
    """

    def __init__(
        self,
        places: Places,
        run: str,
        model: Path,
        count: int,
        clock: Clock,
        died: Callable[[str, str], None],
        metrics: MetricsAddress | None = None,
    ) -> None:
        self._places = places
        self._run = run
        self._model = model
        self._metrics = metrics
        self._slots = tuple(f"w{number}" for number in range(count))
        self._clock = clock
        self._died = died
        self._children: dict[str, Child] = {}
        self._words: dict[str, LastWords] = {}
        self._ending = False
        self._replaced: set[str] = set()
        self._watching: list[asyncio.Task[None]] = []
        self._spare = Spare(lambda: self._begun(None))
        self._given_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Start all.

        Raises:
            OSError: no process can be started.
        """
        for slot in self._slots:
            await self._start(slot)
        self._watching = [asyncio.create_task(self._keep(slot), name=f"child {slot}") for slot in self._slots]
        for task in self._watching:
            self._surface(task)

    def _surface(self, task: asyncio.Task[None]) -> None:
        """Have an error of ``task`` end the run: it is a bug of ours."""
        task.add_done_callback(surfacing_in(self._given_up))

    async def _start(self, slot: str) -> None:
        self._children[slot], self._words[slot] = self._spare.take(slot) or await self._begun(slot)

    async def _begun(self, slot: str | None) -> Started:
        words = LastWords()
        given = (words, self._places, slot, self._run, self._model, self._metrics)
        return Started(await asyncio.to_thread(Child, be_worker, *given), words)

    def keep_spare(self) -> None:
        """Keep one process ready from now on, which takes the slot of the next that dies."""
        self._surface(self._spare.keep())

    @property
    def spare(self) -> str:
        """How the spare is, in a word; "" while none is kept."""
        return self._spare.state

    @property
    def spares_used(self) -> int:
        """How many spares took the place of a worker that had died."""
        return self._spare.used_count

    async def given_up(self) -> None:
        """Wait until no worker can be kept alive.

        Raises:
            EscalationError: a worker died again and again, was refused, or its transactions are gone.
            Exception: what ended the task that watched one.
        """
        await asyncio.shield(self._given_up)

    async def _keep(self, slot: str) -> None:
        """Start the worker in ``slot`` again whenever it dies, until the run ends."""
        quick_count = 0
        while True:
            begun_ns = self._clock.now_ns()
            why = await self._until_dead(slot)
            if self._ending:
                return
            self._died(slot, why)
            if self._given_up.done():
                return
            quick_count = quick_count + 1 if self._clock.now_ns() - begun_ns < QUICK_NS else 0
            if quick_count >= MOST_QUICK:
                self._give_up(
                    f"worker {slot} died {quick_count} times soon after its start, the last time: {why or 'ended'}"
                )
                return
            self._replaced.add(slot)
            try:
                await self._start(slot)
            except OSError as error:
                self._give_up(f"worker {slot} cannot be started again: {error}")
                return

    def _give_up(self, why: str) -> None:
        if not self._given_up.done():
            self._given_up.set_exception(EscalationError(why))
            self._given_up.exception()  # whoever waits hears of it; nobody has to

    async def _until_dead(self, slot: str) -> str:
        """Wait until the process in ``slot`` has ended and return how, in a line; "" if as it was asked to."""
        child = self._children[slot]
        readable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            if not readable.done():
                readable.set_result(None)

        loop.add_reader(child.pipe.fileno(), wake)
        try:
            while not await all_done([readable], SHORTENED_EVERY_S):
                self._words[slot].shorten()
        finally:
            loop.remove_reader(child.pipe.fileno())
        why = ""
        try:
            child.receive()
        except RiskdrillError as error:
            why = str(error)
            if slot not in self._replaced:  # or its servers are away: the process before it could use them
                self._give_up(f"worker {slot}: {why}")
        except EOFError:
            pass
        status = await asyncio.to_thread(child.close)
        self._children.pop(slot, None)
        words = self._words.pop(slot)
        last = "" if was_killed(status) else words.line().removeprefix(f"{slot}: ")  # it did not know what came
        words.close()
        if status == GONE:  # it has told the run, which may not have heard it
            self._give_up(f"worker {slot}: {last}")
        if why or not status:
            return why
        return how_ended(status) + (f"; last it said: {last}" if last else "")

    def end_soon(self) -> None:
        """Start none again: they are told that the run is over."""
        self._ending = True
        self._spare.kill()

    async def end(self, within_s: float) -> None:
        """Have all end: those that have not left within ``within_s`` are told to, and then killed."""
        self._ending = True
        if not await all_done(self._watching, within_s):
            for child in list(self._children.values()):
                child.terminate()
            await all_done(self._watching, within_s)
        self.kill()
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, self._spare.end(), return_exceptions=True)

    def kill(self) -> None:
        """End all at once; for the end of a run that goes wrong, too."""
        self._ending = True
        self._spare.kill()
        for child in list(self._children.values()):
            child.kill()
