"""A topic of somebody else's messages on real servers: each is decided once, or is a dead letter that says why."""

import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from actors.adapters.kafka.address import parse_stream
from actors.adapters.kafka.topics import StreamTopics
from examples.payments import BEGIN_MS, TOPIC, broken, make_topic, payment
from sim.exit_codes import INCONCLUSIVE, PASS, USAGE
from tests.support.deaths import PROCESS
from tests.support.documents import SCALE_OUT
from tests.support.redis_server import RedisServer
from tests.support.repository import ROOT
from tests.support.sim.stream_commands import Command, holds, lines

COUNT = 2_000
BROKEN = 12
EXAMPLE = ROOT / "examples" / "own_messages.yaml"
PATIENCE_S = 180.0


def filled(servers: str, topic: str) -> None:
    """Make a topic of payments, the first few of which are none."""
    make_topic(servers, topic)
    producer = Producer({"bootstrap.servers": servers})
    for number in range(COUNT):
        key, value = payment(number, BEGIN_MS + number * 20)
        producer.produce(topic, broken(number) if number < BROKEN else value, key)
        producer.poll(0)
    assert producer.flush(30) == 0


def begun(servers: str, store: RedisServer, model: Path, topic: str, folder: Path, *words: str) -> Command:
    """Begin the example's run on ``topic``."""
    stream = ("--stream", f"kafka://{servers}/own-{os.getpid()}-{topic}", "--store", store.url, "--workers", "2")
    own = ("--set", f"pipeline.source.topic={topic}", "--model", str(model), "--out", str(folder))
    return Command(("run", str(EXAMPLE), *stream, *own, *words))


def summary_of(folder: Path) -> dict[str, Any]:
    """Return the summary of a run."""
    summary: dict[str, Any] = msgspec.json.decode((folder / "summary.json").read_bytes())
    return summary


def test_every_message_is_decided_once_or_says_why_not(
    kafka_address: str, store: RedisServer, world_model: Path, tmp_path: Path
) -> None:
    """Two workers, one of them killed in the middle: nothing is lost, nothing comes twice, the ledger balances."""
    topic, folder = f"whole-{os.getpid()}", tmp_path / "out"
    filled(kafka_address, topic)
    command = begun(kafka_address, store, world_model, topic, folder)
    assert holds(lambda: len(lines(folder / "decisions.jsonl")) > COUNT // 20, PATIENCE_S)
    os.kill(workers_of(folder)[0], signal.SIGKILL)
    code, out, err = command.ended(PATIENCE_S)
    assert code in {PASS, INCONCLUSIVE}, out + err  # all may be decided before the fault comes in
    summary = summary_of(folder)
    ledger, stream = summary["ledger"], summary["stream"]
    assert ledger["balanced"]
    assert (ledger["offered"], ledger["decided"], ledger["dead_lettered"]) == (COUNT, COUNT - BROKEN, BROKEN)
    assert (stream["undecided"], stream["decided_twice"], stream["lost"]) == (0, 0, 1)
    decided = Counter(line["id"] for line in lines(folder / "decisions.jsonl"))
    assert decided == Counter(f"p{number}" for number in range(BROKEN, COUNT))
    letters = Counter(letter["reason"] for letter in lines(folder / "dead_letters.jsonl"))
    assert letters == {"not_json": 4, "missing_field": 2, "wrong_type": 2, "out_of_range": 4}


def workers_of(folder: Path) -> list[int]:
    """Return the processes that take part in a run, as its journal tells; a spare is none of them."""
    joined = [each["detail"] for each in lines(folder / "journal.jsonl") if each["kind"] == "worker_joined"]
    return [int(found[1]) for found in map(PROCESS.search, joined) if found is not None]


def test_a_map_that_fits_no_message_is_told_in_one_line(
    kafka_address: str, store: RedisServer, world_model: Path, tmp_path: Path
) -> None:
    """All are dead letters, and the run says which name is in none of them, and which they have."""
    topic, folder = f"unfit-{os.getpid()}", tmp_path / "out"
    filled(kafka_address, topic)
    wrong = ("--set", "pipeline.source.columns.amount=amount", "--duration", "6s")
    code, out, err = begun(kafka_address, store, world_model, topic, folder, *wrong).ended(PATIENCE_S)
    assert code != PASS
    assert summary_of(folder)["ledger"]["dead_lettered"] == COUNT, out + err
    (told,) = [each for each in lines(folder / "journal.jsonl") if each["kind"] == "messages_refused"]
    assert "each of the first 100 messages" in told["detail"]
    assert "payment.ref, payment.at, card, shop, total, kind" in told["detail"]


def test_a_topic_that_is_not_there_is_refused(
    kafka_address: str, store: RedisServer, world_model: Path, tmp_path: Path
) -> None:
    """It is never created: the line names the key that names it."""
    code, _, err = begun(kafka_address, store, world_model, "nowhere", tmp_path / "out").ended(PATIENCE_S)
    assert code == USAGE
    assert "has no topic nowhere" in err
    assert "pipeline.source.topic" in err


def typed(page: str) -> tuple[list[str], list[str]]:
    """Return the words of the two commands of a section: the one that sends, and the one that decides."""
    sending, running = (shlex.split(line) for line in page.splitlines() if line.startswith("python -m"))
    return sending, running


def test_the_commands_of_the_page_do_what_it_says(
    kafka_address: str, store: RedisServer, world_model: Path, tmp_path: Path
) -> None:
    """But for addresses and a shorter run, after its first look: payments are decided, and the broken ones told."""
    del world_model  # which the command finds by itself
    StreamTopics(parse_stream(f"kafka://{kafka_address}/riskdrill")).ensure()
    page = SCALE_OUT.read_text()
    section = page[page.index("## Your own messages") : page.index("## What to expect of latency")]
    here = section.replace("127.0.0.1:19092", kafka_address).replace("redis://127.0.0.1:16379", store.url)
    sending, running = typed(here)
    assert (sending[:3], sending[-1], running[:3]) == (
        ["python", "-m", "examples.payments"],
        "&",
        ["python", "-m", "sim"],
    )
    folder = tmp_path / "out"
    admin = AdminClient({"bootstrap.servers": kafka_address})
    payments = subprocess.Popen([sys.executable, *sending[1:-1]], cwd=ROOT)
    try:
        assert holds(lambda: TOPIC in admin.list_topics(timeout=10).topics)
        command = Command((*running[3:], "--duration", "5s", "--out", str(folder)))
        code, out, err = command.ended(PATIENCE_S)
    finally:
        payments.kill()
        payments.wait()
    assert code in {PASS, INCONCLUSIVE}, out + err  # the fault comes later
    summary = summary_of(folder)
    ledger, stream = summary["ledger"], summary["stream"]
    assert ledger["balanced"]
    assert (stream["undecided"], stream["decided_twice"]) == (0, 0)
    assert ledger["decided"] > ledger["dead_lettered"] > 0
    assert f"topic: {TOPIC}" in section
    assert f"topic: {TOPIC}" in EXAMPLE.read_text()
