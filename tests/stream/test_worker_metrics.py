"""The endpoint of a worker: which port it has, and what is served in one run after the other."""

import asyncio
import urllib.request

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.adapters.kafka.address import parse_stream
from actors.adapters.redis.address import parse_store
from actors.core.errors import InputError
from actors.telemetry.snapshot import Gauges
from actors.telemetry.telemetry import Telemetry
from sim.coordinator.stream_workers import StreamRequest, check_servers
from sim.faults.fault import FaultRecord
from sim.metrics_endpoint.address import MetricsAddress, address_of
from sim.stream.places import Places
from sim.stream.worker_metrics import MetricsPlace, WorkerMetrics

ANY = MetricsAddress("127.0.0.1", 0)
NOWHERE = Places(parse_stream("kafka://127.0.0.1:1/x"), parse_store("redis://127.0.0.1:1"))


def read(url: str) -> dict[tuple[str, ...], float]:
    """Return each sample at ``url`` by its name and the values of its labels."""
    with urllib.request.urlopen(url, timeout=60.0) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_a_worker_is_read_in_one_run_after_the_other() -> None:
    """Idle before the first, then of its run, between two of the last one; at the end until that was read once more."""
    said: list[str] = []
    metrics, telemetry = WorkerMetrics(MetricsPlace(ANY), said.append), Telemetry()

    def told(url: str, state: str) -> dict[tuple[str, ...], float]:
        while (found := read(url)).get(("riskdrill_run_state", state)) != 1.0:
            pass
        return found

    async def life() -> None:
        await metrics.open("w0")
        await metrics.open("w0")
        (line,) = said
        url = line.removeprefix("metrics at ")
        assert ("riskdrill_transactions_sent_total",) not in told(url, "idle")
        for number, run in enumerate(("first", "second"), 1):
            metrics.begin("burst", 7, run, "w0", telemetry.reference_of)
            fault = FaultRecord(name="down", kind="outage", state="injected")
            metrics.tell(telemetry.snapshot(1, Gauges()), [fault])
            telemetry.ledger.send(100)
            telemetry.observe_scores(np.full(1_000, 0.25))
            metrics.end(telemetry.snapshot(2, Gauges()), [fault])
            while True:
                found = told(url, "idle")
                if found.get(("riskdrill_transactions_sent_total",)) == 100 * number:
                    break
            assert found["riskdrill_run_info", "real", run, "burst", "7", "w0"] == 1.0
            assert found["riskdrill_fault_active", "down", "outage"] == 1.0
            assert found["riskdrill_score_mean",] == pytest.approx(0.25, abs=0.01)
        ending = asyncio.create_task(metrics.finish())
        last = await asyncio.to_thread(told, url, "ended")
        assert last["riskdrill_transactions_sent_total",] == 200
        await ending
        assert said[-1] == f"{url} stays up to 15 s until it was read once more; Ctrl-C ends that"

    try:
        asyncio.run(life())
    finally:
        metrics.close()


def test_the_port_of_a_slot_is_as_far_after_the_run_s_as_its_number() -> None:
    """So whoever knows the run's address knows those of its workers."""
    place = MetricsPlace(MetricsAddress("127.0.0.1", 9464), of_run=True)
    assert [place.of(slot).port for slot in ("w0", "w1", "w11")] == [9465, 9466, 9476]
    assert MetricsPlace(MetricsAddress("127.0.0.1", 9464)).of("w1").port == 9464


def test_a_worker_whose_port_is_taken_is_refused_and_one_of_a_run_goes_on_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever starts a worker by hand can name another port; a run has checked them before it began."""
    monkeypatch.setattr("sim.stream.worker_metrics.PATIENCE_S", 0.0)
    said: list[str] = []
    with ANY.listen() as listener:
        taken = address_of(listener, ANY)
        with pytest.raises(InputError, match="somebody else listens there"):
            asyncio.run(WorkerMetrics(MetricsPlace(taken), said.append).open("w0"))
        of_run = MetricsPlace(MetricsAddress(taken.host, taken.port - 1), of_run=True)
        asyncio.run(WorkerMetrics(of_run, said.append).open("w0"))
    (line,) = said
    assert line.startswith(f"nobody can read its metrics: --metrics-addr {taken}: somebody else listens there;")


def test_the_ports_of_workers_are_looked_at_before_the_run() -> None:
    """One that is taken, too few of them, or none that is known: nothing has been started then."""
    with ANY.listen() as listener:
        port = address_of(listener, ANY).port
        for metrics, workers, why in (
            (MetricsAddress("127.0.0.1", port - 2), 2, f"127.0.0.1:{port}: somebody else listens there"),
            (MetricsAddress("127.0.0.1", 65_535), 1, "1 more ports are needed after it"),
            (ANY, 2, "must name a port: those of the 2 workers are the ones after it"),
        ):
            with pytest.raises(InputError, match=why):
                check_servers(StreamRequest(NOWHERE, workers, metrics=metrics))
