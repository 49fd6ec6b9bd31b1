"""A client that outlasts the loss of its brokers: one that does not find them again is replaced by one that does.

A broker that its controller has shut out tells clients that there is none. A client of librdkafka then drops the last
one that it knew, and where it does not look at its first addresses again (`address.STEADY`), or looks and stays without
a leader for its partitions (librdkafka's issue 5301), it waits for ever.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient

C = TypeVar("C")

ANSWER_S: Final = 1.0  # that brokers have for a question
ASKED_EVERY_S: Final = 2.0  # while nothing is heard without asking
DEAF_S: Final = 10.0  # beyond a broker's restart by its operator; the next attempt is as long after

log = logging.getLogger(__name__)


class LastingClient(Generic[C]):
    """A client, and for how long it has heard nothing; used in one thread but for `current`.

    Args:
        what: it is, for people.
        make: returns a client, which goes on where the one before it was.
        unread: asks the brokers how much there is that a client should have brought by now; None if they do not
            answer it.
        close: ends a client; may last, and is called in a thread of its own.
        deaf_s: how long one may hear nothing, or bring nothing of what is there.

    Attributes:
        current: the client to be used now.
    """

    def __init__(
        self,
        what: str,
        make: Callable[[], C],
        unread: Callable[[C], int | None],
        close: Callable[[C], object] = lambda _: None,
        deaf_s: float = DEAF_S,
    ) -> None:
        self._what = what
        self._make = make
        self._unread = unread
        self._close = close
        self._deaf_s = deaf_s
        self._told = False
        self.current = make()
        self.heard()

    def heard(self) -> None:
        """Take that brokers have just said something to it."""
        self._heard_s = self._asked_s = time.monotonic()

    def look(self) -> None:
        """Ask, if nothing was heard for a moment; called again and again by whoever waits for something."""
        if time.monotonic() - self._asked_s >= ASKED_EVERY_S:
            self.ask()

    def ask(self) -> bool:
        """Return whether brokers answer now; a client that was deaf for too long is replaced if another one is not."""
        unread = self._unread(self.current)
        self._asked_s = now_s = time.monotonic()
        if unread == 0:
            self._heard_s = now_s
        elif now_s - self._heard_s >= self._deaf_s:
            self._heard_s = now_s
            self._replace()
        return unread is not None

    def _replace(self) -> None:
        other = self._make()
        if self._unread(other) is None:  # there is no broker for anybody
            self._let_go(other)
            return
        self._let_go(self.current)
        self.current = other
        if not self._told:
            self._told = True
            log.warning("Kafka answers, and the client for %s did not hear it: it was made anew", self._what)

    def _let_go(self, client: C) -> None:
        threading.Thread(target=self._close, args=(client,), name=f"close {self._what}", daemon=True).start()


def nothing_unread(client: Consumer | Producer | AdminClient, topic: str) -> int | None:
    """Ask for ``topic`` and return 0; None if no broker answers. For a client that brings nothing by itself."""
    try:
        return 0 if client.list_topics(topic, ANSWER_S).brokers else None
    except KafkaException:
        return None
