"""What it costs a run to be read by Prometheus: processor time of the pipeline's process for each transaction.

A run on the real clock at 1,000/s has an endpoint that is read once a second, or nobody who reads, in turns; each turn
is a process of its own. Counted is the processor time from the first look at the run to the last, so neither the start
nor the end of it, and no other process. The endpoint keeps its promise when the median with it is at most 2 % more, and
when making and handing over the readings takes at most 2 % of that time. On a machine that others use the first is
noise, as how transactions are batched goes with the load; the second is not.
"""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from actors.model.artifact import load_artifact
from benchmarks.promises import at_most, judged
from sim.metrics_endpoint.address import MetricsAddress
from sim.metrics_endpoint.endpoint import Endpoint
from sim.metrics_endpoint.reading import Reading
from sim.report.run_folder import RunFolder
from sim.run.composition import Attachments
from sim.run.execution import execute
from sim.run.planning import prepare
from sim.run.watch import NullScreen
from sim.scenario.loader import parse
from sim.scenario.timeline import Cut
from tests.support.model_cache import default_model
from tests.support.repository import ROOT

TURNS = 5
RATE_PER_S = 1_000
SPAN_S = 20
READ_EVERY_S = 1.0
DRILL = "version: 1\nname: read\nphases: [{name: steady, duration: %ds, rate: %d}]\n"


class Timed:
    """Readers that note the processor time at each look at the run.

    Args:
        endpoint: takes the readings; None: nobody does.
    """

    def __init__(self, endpoint: Endpoint | None) -> None:
        self._endpoint = endpoint
        self.looks_s: list[float] = []
        self.told = 0
        self.telling_s = 0.0
        self._since_s = 0.0

    @property
    def wanted(self) -> bool:
        """Whether a reading is wanted; asked at each tick."""
        self.looks_s.append(time.process_time())
        self._since_s = time.thread_time()
        wanted = self._endpoint is not None and self._endpoint.wanted
        self.telling_s += 0.0 if wanted else time.thread_time() - self._since_s
        return wanted

    def tell(self, reading: Reading) -> None:
        """Hand a reading on."""
        self.told += 1
        assert self._endpoint is not None
        self._endpoint.tell(reading)
        self.telling_s += time.thread_time() - self._since_s

    def tell_now(self, _: Reading) -> None:
        """Drop the last one: the run is over."""


def turn(model: Path, *, read: bool) -> tuple[float, float, int]:
    """Run once; return processor time for each transaction in µs, the share of telling, and how often it was told."""
    endpoint = Endpoint.start(MetricsAddress("127.0.0.1", 0)) if read else None
    if endpoint is not None:
        print(endpoint.url, flush=True)
    timed = Timed(endpoint)
    with tempfile.TemporaryDirectory() as folder:
        plan = prepare(Cut(parse(DRILL % (SPAN_S, RATE_PER_S), "read")), load_artifact(model), Path(folder))
        ledger = execute(plan, RunFolder(Path(folder)), NullScreen(), Attachments(readers=timed)).summary.ledger
    if endpoint is not None:
        endpoint.close()
    took_s = timed.looks_s[-1] - timed.looks_s[0]
    return 1e6 * took_s / ledger.decided, timed.telling_s / took_s, timed.told


def in_child(model: Path, *, read: bool) -> tuple[float, float, int]:
    """Run once in a process of its own, and read its endpoint from here."""
    command = [sys.executable, "-m", "benchmarks.endpoint_cost", "--turn", "on" if read else "off", str(model)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        if read:
            threading.Thread(target=scrape, args=(child.stdout.readline().strip(), child), daemon=True).start()
        said = child.stdout.read().split()
    return float(said[0]), float(said[1]), int(said[2])


def scrape(url: str, child: "subprocess.Popen[str]") -> None:
    """Read ``url`` once a second until the child has ended."""
    while child.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own
            answer.read()
        time.sleep(READ_EVERY_S)


def main() -> int:
    """Measure both in turns; return 0 if the endpoint kept its promise."""
    model = default_model()
    costs: dict[bool, list[float]] = {False: [], True: []}
    shares = []
    for number in range(TURNS):
        for read in (False, True):
            cost_us, share, told = in_child(model, read=read)
            costs[read].append(cost_us)
            shares += [share] if read else []
            how = "read" if read else "not read"
            print(f"turn {number + 1}, {how:<8} {cost_us:7.1f} µs, {told} readings, {share:.3%} for them", flush=True)
    alone, read_us = (statistics.median(costs[read]) for read in (False, True))
    print(f"\nmedians: {alone:.1f} µs without, {read_us:.1f} µs with an endpoint that is read once a second")
    return judged(
        [
            at_most("processor time a transaction, read once a second", read_us / alone, 1.02),
            at_most("of that, for readings", 100 * statistics.median(shares), 2, "%"),
        ]
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--turn"]:
        print(*turn(Path(sys.argv[3]), read=sys.argv[2] == "on"))
    else:
        sys.exit(main())
