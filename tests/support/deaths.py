"""A run on servers of its own while its workers and servers die, and what is on the servers afterwards.

``python -m tests.support.deaths --rate 1500 --seconds 60 --every 10`` does it once and prints what it found. A
machine that does not carry that rate gets a lower one, which is said: what has to hold does not depend on it.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from actors.adapters.kafka.address import StreamAddress, parse_stream
from sim.exit_codes import INCONCLUSIVE, PASS
from sim.servers import kafka, redis
from sim.servers.kafka import start_kafka
from sim.servers.process import LOOPBACK, KnownProcess, free_port
from sim.servers.redis import start_redis
from tests.support.model_cache import default_model
from tests.support.repository import ROOT
from tests.support.sim.stream_audit import Committed, differences, read_committed, windows_in, windows_of
from tests.support.sim.stream_commands import lines

WORKERS: Final = 3
START_S: Final = 180.0
DRAINED_S: Final = 180  # a machine that has become slower meanwhile decides the rest in it
END_S: Final = DRAINED_S + 60.0
PROBED_S: Final = 8
KEPT_UP: Final = 0.9  # of the rate that was asked for
HEADROOM: Final = 0.6  # of what is carried without deaths: after each a third of the partitions has to catch up
LOWEST_RATE: Final = 50
STOPPED_S: Final = 9.0  # beyond the session of a member
PAUSE_S: Final = 0.05
LOOKED_S: Final = 20.0  # after a death, for the longest silence of a partition
LAST_LINES: Final = 30
SCENARIO: Final = """version: 1
name: deaths
hypothesis: Whatever dies, each transaction is decided once.
clock: real
pipeline: {{drain_timeout: {drain}s}}
phases:
  - {{name: steady, duration: {seconds}s, rate: {rate}}}
faults:
  - {{name: retries, kind: traffic_duplicates, at: 0s, duration: {seconds}s, ratio: 0.02, after: 1s}}
  - {{name: noise, kind: traffic_poison, at: 0s, duration: {seconds}s, ratio: 0.002}}
expect:
  - {{name: books, expr: "ledger.balanced == 1"}}
"""
EVERYTHING: Final = ("worker stopped", "kafka stopped", "kafka killed", "redis killed")
PROCESS: Final = re.compile(r"process (\d+) on")


class Death(NamedTuple):
    """Something that died, and when, wall time."""

    what: str
    at_ms: float


class Servers:
    """A broker and a Redis that keeps what it was told, on ports that stay theirs.

    Args:
        folder: of their data.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {"kafka": free_port(), "redis": free_port()}
        self._known: dict[str, KnownProcess] = {}
        for name in self._ports:
            self.start(name)

    @property
    def stream(self) -> StreamAddress:
        """The stream."""
        return parse_stream(f"kafka://{LOOPBACK}:{self._ports['kafka']}/deaths")

    @property
    def store(self) -> str:
        """The address of the store."""
        return f"redis://{LOOPBACK}:{self._ports['redis']}"

    def start(self, name: str) -> None:
        """Start one of them, with the data it had."""
        begin: Callable[[Path, int], KnownProcess] = start_kafka if name == "kafka" else start_redis
        self._known[name] = begin(self._folder / name, self._ports[name])

    def stop(self, name: str) -> None:
        """Ask one of them to end, and wait until it has."""
        self._known[name].stop(kafka.STOPS_S if name == "kafka" else redis.STOPS_S)

    def kill(self, name: str) -> None:
        """End one of them as a crash does."""
        self._known[name].signal(signal.SIGKILL)
        self._known[name].stop(redis.STOPS_S)


@contextmanager
def servers_in(folder: Path) -> Iterator[Servers]:
    """Run two servers for as long as the context lasts."""
    servers = Servers(folder)
    try:
        yield servers
    finally:
        for name in ("kafka", "redis"):
            servers.kill(name)


@dataclass(slots=True)
class Toll:
    """What died, and what was left.

    Attributes:
        deaths: in order.
        summary: what the run wrote of itself.
        exit_code: of the run; None if it did not end by itself.
        said: the last lines of the run.
        committed: what a reader of committed messages finds.
        windows: in what the windows in Redis differ from those of the same transactions without deaths.
    """

    deaths: list[Death] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None
    said: Sequence[str] = ()
    committed: Committed = field(default_factory=Committed)
    windows: Sequence[str] = ()

    @property
    def wrong(self) -> list[str]:
        """What did not hold, a line each."""
        found = [*self.committed.wrong, *self.windows]
        ledger = self.summary.get("ledger", {})
        if not self.committed.offered:
            found.append("nothing was offered")
        if not ledger.get("balanced"):
            found.append(f"the ledger of the run is not balanced: {ledger}")
        if ledger.get("produced") != len(self.committed.offered):
            found.append(f"the run counts {ledger.get('produced')} sent, the topic has {len(self.committed.offered)}")
        if self.exit_code not in (PASS, INCONCLUSIVE):  # inconclusive: this machine did not keep the schedule
            found.append(f"the run ended with exit code {self.exit_code}")
        return found

    def lines(self) -> Iterator[str]:
        """Yield what happened, for people."""
        for what, at_ms in self.deaths:
            silence_s = self.committed.longest_silence_s(at_ms, at_ms + LOOKED_S * 1_000)
            yield f"{what}: a partition waited up to {silence_s:.1f} s"
        yield f"{len(self.committed.offered):,} offered; ends: {dict(self.committed.kinds)}"
        yield f"exit code {self.exit_code}, ledger {self.summary.get('ledger')}"


class Drill:
    """One run, and what is done to it.

    Args:
        servers: that it uses.
        folder: where it writes.
        rate: transactions a second.
        seconds: how long they come.
        every_s: how often a worker is killed.
    """

    def __init__(self, servers: Servers, folder: Path, rate: int, seconds: int, every_s: float) -> None:
        self._servers = servers
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._every_s = every_s
        self._seconds = seconds
        self._killed = 0
        self._model = default_model()
        self.toll = Toll()
        self._text = SCENARIO.format(rate=rate, seconds=seconds, drain=max(DRAINED_S, seconds))
        scenario = folder / "deaths.yaml"
        scenario.write_text(self._text)
        self._out = folder / "run"
        words = ["run", str(scenario), "--stream", servers.stream.url, "--store", servers.store]
        words += ["--workers", str(WORKERS), "--out", str(self._out), "--tui", "off", "--model", str(self._model)]
        with (folder / "run.out").open("w") as said:
            self._run = subprocess.Popen(
                [sys.executable, "-m", "sim", *words],
                cwd=ROOT,
                stdout=said,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    def carry_out(self, deaths: Sequence[str] = EVERYTHING) -> Toll:
        """Kill and restart until the transactions have all come, then wait for the end and look at what is left."""
        try:
            self._until_begun()
            self._die(deaths)
            with suppress(subprocess.TimeoutExpired):
                self.toll.exit_code = self._run.wait(self._seconds + END_S)
        finally:
            self._run.kill()
            self._run.wait()
            self.toll.said = (self._folder / "run.out").read_text().splitlines()[-LAST_LINES:]
        if not (self._out / "summary.json").exists():
            return self.toll
        self.toll.summary = json.loads((self._out / "summary.json").read_text())
        run = self.toll.summary["stream"]["run"]
        stream = self._servers.stream
        self.toll.committed = read_committed(stream, run)
        expected = windows_of(self.toll.committed.rows, self._text, self._model)
        self.toll.windows = differences(windows_in(self._servers.store, f"rd:{stream.prefix}:{run}:"), expected)
        return self.toll

    def _until_begun(self) -> None:
        until = time.monotonic() + START_S
        journal = self._out / "journal.jsonl"
        while not (journal.exists() and "phase_started" in journal.read_text()):
            assert self._run.poll() is None, (self._folder / "run.out").read_text()[-2_000:]
            assert time.monotonic() < until, "the run does not begin"
            time.sleep(PAUSE_S)

    def _die(self, deaths: Sequence[str]) -> None:
        began = time.monotonic()
        ways: dict[str, Callable[[], None]] = {
            "worker stopped": self._stop_worker,
            "kafka stopped": lambda: self._restart("kafka", self._servers.stop, "kafka stopped"),
            "kafka killed": lambda: self._restart("kafka", self._servers.kill, "kafka killed"),
            "redis stopped": lambda: self._restart("redis", self._servers.stop, "redis stopped"),
            "redis killed": lambda: self._restart("redis", self._servers.kill, "redis killed"),
        }
        due = [(self._seconds * (at + 0.5) / len(deaths), ways[what]) for at, what in enumerate(deaths)]
        due += [(self._every_s * (1 + each), self._kill_worker) for each in range(int(self._seconds / self._every_s))]
        for at_s, what in sorted(due, key=lambda each: each[0]):
            time.sleep(max(0.0, began + at_s - time.monotonic()))
            if self._run.poll() is not None:
                return
            what()

    def _note(self, what: str) -> None:
        self.toll.deaths.append(Death(what, time.time() * 1_000))

    def _kill_worker(self) -> None:
        there = sorted(self._processes().items())
        slot, pid = there[self._killed % len(there)]
        self._killed += 1
        self._note(f"{slot} killed")
        _send(pid, signal.SIGKILL)

    def _stop_worker(self) -> None:
        pid = self._processes()["w2"]
        self._note("w2 stopped")
        _send(pid, signal.SIGSTOP)
        time.sleep(STOPPED_S)
        _send(pid, signal.SIGCONT)

    def _restart(self, name: str, end: Callable[[str], None], what: str) -> None:
        self._note(what)
        end(name)
        self._servers.start(name)
        self._note(f"{name} back")

    def _processes(self) -> dict[str, int]:
        """Return the process that is in each slot, as the run's journal tells."""
        found: dict[str, int] = {}
        for entry in lines(self._out / "journal.jsonl"):
            if entry["kind"] == "worker_joined" and (match := PROCESS.search(entry.get("detail", ""))):
                found[entry["name"]] = int(match[1])
        return found


def carried_rate(servers: Servers, folder: Path, wish: int) -> tuple[int, str]:
    """Return at which rate the machine can be drilled, ``wish`` or less, and a line about it; nobody dies meanwhile.

    Raises:
        AssertionError: not even that was decided as it has to be.
    """
    toll = Drill(servers, folder, wish, PROBED_S, PROBED_S + 1.0).carry_out([])
    assert toll.wrong == [], "\n".join([*toll.wrong, *toll.said])
    at_ms = sorted(at for each in toll.committed.at_ms.values() for at in each)
    late = at_ms[len(at_ms) // 3 :]  # the first are slow
    carried = 1_000 * len(late) / max(1, late[-1] - late[0])
    if carried >= KEPT_UP * wish:
        return wish, f"{wish:,} transactions a second are offered; this machine keeps up"
    rate = max(LOWEST_RATE, min(wish, round(HEADROOM * carried)))
    return rate, f"{rate:,} transactions a second are offered, not {wish:,}: this machine carried {carried:,.0f}"


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def main() -> int:
    """Do it once as the command line says; 1 when something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=1_500, help="transactions a second; fewer if it carries no more")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two workers' deaths")
    parser.add_argument("--deaths", default=",".join(EVERYTHING), help="of servers and a worker, spread over the time")
    parser.add_argument("--keep", type=Path, help="folder for what the servers and the run leave; else it is deleted")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # no server is left behind
    with tempfile.TemporaryDirectory() as place:
        folder = given.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        with servers_in(folder) as servers:
            rate, line = carried_rate(servers, folder / "probe", given.rate)
            print(line, flush=True)  # noqa: T201
            drill = Drill(servers, folder / "drill", rate, given.seconds, given.every)
            toll = drill.carry_out([each for each in given.deaths.split(",") if each])
        for line in (*toll.said, *toll.lines(), *(f"WRONG {each}" for each in toll.wrong)):
            print(line)  # noqa: T201
    return int(bool(toll.wrong))


if __name__ == "__main__":
    sys.exit(main())
