"""A broker that says that there is none, as one does that its controller has shut out: a go-between and a mock."""

import contextlib
import itertools
import socket
import struct
import threading

from confluent_kafka import Producer

LOOPBACK = "127.0.0.1"
HOST = LOOPBACK.encode()
METADATA, FLEXIBLE = 3, 9  # the number of that request, and from which of its versions on lengths are written shortly
RACKS = 1
_names = itertools.count()


class ShutOutBroker:
    """librdkafka's own mock of a broker behind a socket that changes what it says of brokers.

    Attributes:
        shut_out: whether it says that there is no broker.
        asked_in_vain: how often it has said so.
    """

    def __init__(self) -> None:
        self._mock = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "none", "log_level": 0})
        (broker,) = self._mock.list_topics(timeout=10).brokers.values()
        self._real = broker.port
        self._listening = socket.create_server((LOOPBACK, 0))
        self._port = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self.shut_out = False
        self.asked_in_vain = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def stream(self) -> str:
        """Address of a stream of its own."""
        return f"kafka://{LOOPBACK}:{self._port}/shut-out-{next(_names)}"

    def close(self) -> None:
        """Be no broker any more."""
        for each in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                broker = socket.create_connection((LOOPBACK, self._real))
                self._open += [client, broker]
                asked: dict[bytes, tuple[int, int]] = {}
                threading.Thread(target=self._pass_requests, args=(client, broker, asked), daemon=True).start()
                threading.Thread(target=self._pass_answers, args=(broker, client, asked), daemon=True).start()

    def _pass_requests(self, client: socket.socket, broker: socket.socket, asked: dict[bytes, tuple[int, int]]) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                request = _received(client)
                asked[request[4:8]] = struct.unpack(">hh", request[:4])
                _send(broker, request)
        _hang_up(broker)

    def _pass_answers(self, broker: socket.socket, client: socket.socket, asked: dict[bytes, tuple[int, int]]) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                answer = _received(broker)
                answer = answer.replace(_place(self._real), _place(self._port))
                key, version = asked.pop(answer[:4])
                if key == METADATA and self.shut_out:
                    self.asked_in_vain += 1
                    answer = _without_brokers(answer, version)
                _send(client, answer)
        _hang_up(client)


def _place(port: int) -> bytes:
    return HOST + struct.pack(">i", port)


def _without_brokers(answer: bytes, version: int) -> bytes:
    """Return a list of brokers and topics without its only broker: number, name, port, no rack, in this order."""
    short = version >= FLEXIBLE
    name, count = (1, 1) if short else (2, 4)
    broker_at = answer.index(HOST) - name - 4
    end = answer.index(HOST) + len(HOST) + 4 + (0 if version < RACKS else 2)  # of rack and tags one byte each, if short
    none = b"\x01" if short else struct.pack(">i", 0)
    return answer[: broker_at - count] + none + answer[end:]


def _received(end: socket.socket) -> bytes:
    return _exactly(end, struct.unpack(">i", _exactly(end, 4))[0])


def _exactly(end: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = end.recv(size - len(received))
        if not part:
            raise EOFError
        received += part
    return received


def _send(end: socket.socket, frame: bytes) -> None:
    end.sendall(struct.pack(">i", len(frame)) + frame)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
