"""Members of a run's consumer group that die while partitions pass from one to another."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from threading import Thread

from confluent_kafka import Consumer, TopicPartition

from actors.adapters.kafka.address import StreamAddress, parse_stream
from actors.adapters.kafka.client import CONSUMER
from actors.adapters.kafka.topics import StreamTopics
from tests.support.repository import ROOT

RUN = "run"
COUNT = 6
PATIENCE_S = 60.0
SETTLED_S = 3.0
DIES = f"""
import os, signal, sys
from tests.servers.test_membership import Member
from actors.adapters.kafka.address import parse_stream

member = Member(parse_stream(sys.argv[1]), sys.argv[2], lambda: os.kill(os.getpid(), signal.SIGKILL))
while True:
    member.consumer.poll(0.05)
    if len(member.owned) == {COUNT}:
        print("has all", flush=True)
"""


class Member:
    """A member of the group, in a slot, as a worker is one; it reads nothing.

    Args:
        stream: of the run.
        slot: its static membership.
        on_revoke: called when it has to give partitions up, before it has.
    """

    def __init__(self, stream: StreamAddress, slot: str, on_revoke: Callable[[], object] = lambda: None) -> None:
        self.owned: set[int] = set()
        self._on_revoke = on_revoke
        own = {"group.id": stream.group_of(RUN), "group.instance.id": slot}
        self.consumer = Consumer({**stream.client(), **CONSUMER, **own})
        self.consumer.subscribe([stream.topics.transactions], on_assign=self._assigned, on_revoke=self._revoked)

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign([TopicPartition(each.topic, each.partition, 0) for each in partitions])
        self.owned |= {each.partition for each in partitions}

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._on_revoke()
        consumer.incremental_unassign(partitions)
        self.owned -= {each.partition for each in partitions}


def polled(members: list[Member], holds: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """Let ``members`` take part until ``holds`` is true; return whether it is in time."""
    until = time.monotonic() + within_s
    while not holds() and time.monotonic() < until:
        for each in members:
            each.consumer.poll(0.02)
    return holds()


def test_partitions_that_a_death_left_to_nobody_are_shared_out_anew(kafka_address: str) -> None:
    """Who dies having given them up, before the next round, leaves them to nobody; another member starts one."""
    url = f"kafka://{kafka_address}/membership-{os.getpid()}"
    stream = parse_stream(url)
    topics = StreamTopics(stream)
    assert topics.ensure(COUNT) == COUNT
    command = [sys.executable, "-c", DIES, url, "w0"]
    members: list[Member] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as dying:
        try:
            assert dying.stdout is not None
            assert dying.stdout.readline() == "has all\n"
            members.append(Member(stream, "w1"))
            assert polled(members, lambda: dying.poll() is not None)
        finally:
            dying.kill()
    try:
        members.append(Member(stream, "w0"))
        everything = set(range(COUNT))
        assert polled(members, lambda: bool(members[1].owned))
        polled(members, lambda: members[0].owned | members[1].owned == everything, SETTLED_S)  # it does not, by itself
        sharing = Thread(target=topics.hand_out_anew, args=(RUN,))
        sharing.start()
        assert polled(members, lambda: not sharing.is_alive())
        assert polled(members, lambda: members[0].owned | members[1].owned == everything)
        assert not members[0].owned & members[1].owned
    finally:
        for each in members:
            each.consumer.close()
