"""Somebody else's messages: payments as JSON in a topic of their own, with their names, units and decimal commas.

    python -m examples.payments kafka://127.0.0.1:19092/riskdrill --seconds 60

They go to the topic ``payments``, which ``examples/own_messages.yaml`` maps. Some cannot be read, as in life.
"""

import argparse
import json
import time

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from actors.adapters.kafka.address import parse_stream
from actors.adapters.kafka.topics import PARTITIONS  # as many as the decisions' topic has that other runs have made

TOPIC = "payments"
BROKEN_EVERY = 200  # one of so many messages
BEGIN_MS = 1_770_000_000_000
KINDS = ("fuel", "grocery", "online", "travel")


def payment(number: int, at_ms: int) -> tuple[bytes, bytes]:
    """Return key and value of a message: payment ``number``, made at ``at_ms`` since 1970.

    Example:
        >>> key, value = payment(3, 1_770_000_000_000)
        >>> json.loads(value)["payment"], json.loads(value)["total"]
        ({'ref': 'p3', 'at': 1770000000000}, '11,11')
    """
    card, total = f"c{number * 7_919 % 500}", 100 + number * 337 % 9_000
    body = {
        "payment": {"ref": f"p{number}", "at": at_ms},
        "card": card,
        "shop": f"s{number * 31 % 80}",
        "total": f"{total // 100},{total % 100:02}",
        "kind": KINDS[number % len(KINDS)],
    }
    return card.encode(), json.dumps(body).encode()


def broken(number: int) -> bytes | None:
    """Return a message that is no payment, one of several kinds by ``number``."""
    _, value = payment(number, BEGIN_MS)
    kinds = (
        b"ping",
        b"{}",
        None,
        b"[]",
        value.replace(b'"total": "', b'"total": "about '),
        value.replace(b"17700", b"7"),
    )
    return kinds[number % len(kinds)]


def make_topic(servers: str, topic: str = TOPIC) -> None:
    """Make the topic, if it is not there."""
    admin = AdminClient({"bootstrap.servers": servers})
    made = admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic]
    try:
        made.result(10)
    except KafkaException as error:
        if error.args[0].name() != "TOPIC_ALREADY_EXISTS":
            raise


def main() -> None:
    """Send payments at a steady rate."""
    options = argparse.ArgumentParser(description="Send payments in somebody else's words.")
    options.add_argument("stream", help="as in kafka://127.0.0.1:19092/riskdrill; its broker is what counts")
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--rate", type=float, default=100.0, help="payments a second")
    asked = options.parse_args()
    servers = parse_stream(asked.stream).servers
    make_topic(servers)
    producer = Producer({"bootstrap.servers": servers})
    begun = time.time()
    for number in range(round(asked.seconds * asked.rate)):
        time.sleep(max(0.0, begun + number / asked.rate - time.time()))
        key, value = payment(number, round(time.time() * 1_000))
        producer.produce(TOPIC, broken(number) if number % BROKEN_EVERY == BROKEN_EVERY - 1 else value, key)
        producer.poll(0)
    producer.flush(10)


if __name__ == "__main__":
    main()
