"""An endpoint in its own process: what is told is read, the last figures are waited for, and it ends with its run."""

import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.core.errors import InputError
from sim.metrics_endpoint.address import MetricsAddress
from sim.metrics_endpoint.endpoint import Endpoint, serving
from sim.metrics_endpoint.reading import Identity, Named, Reading
from tests.support.repository import ROOT

ANY = MetricsAddress("127.0.0.1", 0)
PATIENCE_S = 60.0  # a loaded machine starts an interpreter slowly


def get(endpoint: Endpoint, path: str = "/metrics") -> tuple[int, str]:
    """Return the status and the text of what is served at ``path``."""
    try:
        with urllib.request.urlopen(f"http://{endpoint.address}{path}", timeout=PATIENCE_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Return each sample by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def until_wanted(endpoint: Endpoint) -> None:
    """Wait until a reading is wanted."""
    ready = threading.Event()
    while not endpoint.wanted:
        assert not endpoint.loss
        ready.wait(0.01)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Return an endpoint on a free port."""
    found = Endpoint.start(ANY)
    yield found
    found.close()


def test_what_is_told_is_read(endpoint: Endpoint) -> None:
    """The latest reading is served whole, and health says what the run does."""
    until_wanted(endpoint)
    endpoint.tell(
        Reading(state="running", identity=Identity("burst", 7), faults=(Named("down", on=True, kind="outage"),))
    )
    until_wanted(endpoint)  # it asks for the next one once it has taken this one
    status, text = get(endpoint)
    found = samples(text)
    assert status == 200
    assert found["riskdrill_run_state", "running"] == 1.0
    assert found["riskdrill_fault_active", "down", "outage"] == 1.0
    assert found["riskdrill_run_info", "real", "", "burst", "7", ""] == 1.0
    status, text = get(endpoint, "/healthz")
    told = json.loads(text)
    assert (status, told["status"], told["state"], told["scenario"]) == (200, "ok", "running", "burst")


def test_before_the_first_reading_it_is_starting_and_healthy(endpoint: Endpoint) -> None:
    """A model may take a minute to train."""
    assert samples(get(endpoint)[1])["riskdrill_run_state", "starting"] == 1.0
    assert get(endpoint, "/healthz")[0] == 200


@pytest.mark.parametrize("path", ["/", "/metrics/", "/../etc/passwd", "/favicon.ico"])
def test_any_other_path_is_not_found(endpoint: Endpoint, path: str) -> None:
    """There are two pages."""
    assert get(endpoint, path) == (404, "there are /metrics and /healthz\n")


def test_it_goes_once_the_last_reading_was_read(endpoint: Endpoint) -> None:
    """Whoever scrapes sees how the run ended; then the run's command need not wait any longer."""
    until_wanted(endpoint)
    endpoint.tell_now(Reading(state="ended", verdict="fail"))
    said: list[str] = []
    waiting = threading.Thread(target=endpoint.await_scrape, args=(said.append,))
    waiting.start()
    ready = threading.Event()
    while samples(get(endpoint)[1]).get(("riskdrill_verdict", "fail")) != 1.0:
        ready.wait(0.01)
    waiting.join(PATIENCE_S)
    assert not waiting.is_alive()
    assert said == [f"{endpoint.url} stays up to 15 s until it was read once more; Ctrl-C ends that"]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", endpoint.address.port))


def test_ctrl_c_ends_the_wait_for_it(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict is told already, and its exit code stands."""

    def interrupted(_: float) -> int:
        raise KeyboardInterrupt

    until_wanted(endpoint)
    endpoint.tell_now(Reading(state="ended"))
    monkeypatch.setattr(endpoint._process, "wait", interrupted)
    endpoint.await_scrape(lambda _: None)
    monkeypatch.undo()
    endpoint.close()
    assert endpoint._process.returncode is not None


def test_it_ends_with_a_run_that_told_no_end(endpoint: Endpoint) -> None:
    """Nothing is left behind by a run that was killed."""
    until_wanted(endpoint)
    endpoint.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", endpoint.address.port))


def test_one_that_was_killed_costs_a_line(endpoint: Endpoint) -> None:
    """The run goes on, tells nobody, and says at its end what happened."""
    until_wanted(endpoint)
    endpoint._process.send_signal(signal.SIGKILL)
    endpoint._process.wait()
    endpoint.tell(Reading(state="running"))
    assert not endpoint.wanted
    endpoint.tell_now(Reading(state="ended"))
    assert endpoint.loss == "the process that served the metrics ended by signal 9; nothing else was touched by that"


def test_whoever_says_nothing_keeps_nobody_from_reading(endpoint: Endpoint) -> None:
    """Connections are few at a time and short, and a scraper beside them is served."""
    until_wanted(endpoint)
    mute = [socket.create_connection(("127.0.0.1", endpoint.address.port)) for _ in range(8)]
    assert get(endpoint, "/healthz")[0] == 200
    for each in mute:
        each.close()


def test_an_address_is_told_and_others_are_warned_of() -> None:
    """Where the port is any that is free, the line says which it was."""
    said: list[str] = []
    with serving(MetricsAddress("0.0.0.0", 0), said.append) as endpoint:
        assert endpoint is not None
        port = endpoint.address.port
    assert said == [
        f"metrics at http://0.0.0.0:{port}/metrics",
        "--metrics-addr 0.0.0.0:0: whoever reaches this machine can read these figures, without a password",
    ]


def test_a_taken_address_is_known_before_anything_else() -> None:
    """Nothing is made for an endpoint that cannot be."""
    with ANY.listen() as listener, pytest.raises(InputError, match="somebody else listens there"):
        Endpoint.start(MetricsAddress("127.0.0.1", listener.getsockname()[1]))


def test_its_process_imports_no_model_library() -> None:
    """Neither numba nor LightGBM is in it, so that it is small and starts at once."""
    heavy = "{'lightgbm', 'llvmlite', 'numba', 'polars', 'sklearn', 'confluent_kafka', 'redis'}"
    code = f"import sim.metrics_endpoint.process, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_run_s_process_imports_no_client_of_prometheus() -> None:
    """Text is made elsewhere; the run copies counters."""
    code = "import sim.run.command, sim.run.execution, sys; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
