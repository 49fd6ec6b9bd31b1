"""The HTTP side of an endpoint: ``/metrics`` and ``/healthz`` on a socket that listens already.

Whoever is slow or says nothing loses the connection after a few seconds, and no more than a handful are served at once:
nobody who reads can do more than be refused.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_AT_ONCE: Final = 16
PATIENCE_S: Final = 5.0  # a scraper sends its few bytes at once
METRICS: Final = "/metrics"
HEALTH: Final = "/healthz"
TEXT: Final = "text/plain; charset=utf-8"

Health = Callable[[], tuple[bool, dict[str, Any]]]
"""Returns whether all is well, and what there is to say of it."""


def application(registry: CollectorRegistry, health: Health) -> "WSGIApplication":
    """Return what answers a request.

    Args:
        registry: what ``/metrics`` gives.
        health: what ``/healthz`` tells.
    """
    metrics = make_wsgi_app(registry)

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == METRICS:
            found: Iterable[bytes] = metrics(environ, start)
            return found
        if path == HEALTH:
            well, told = health()
            status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
            return _answer(start, status, "application/json", json.dumps(told).encode() + b"\n")
        return _answer(start, HTTPStatus.NOT_FOUND, TEXT, f"there are {METRICS} and {HEALTH}\n".encode())

    return answer


def _answer(start: "StartResponse", status: HTTPStatus, kind: str, body: bytes) -> list[bytes]:
    start(f"{status.value} {status.phrase}", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


class _Request(WSGIRequestHandler):
    """One request on a connection, within a few seconds."""

    timeout = PATIENCE_S

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - as http.server has it
        """Say which path was answered; called once the answer is out."""
        if str(code) == str(HTTPStatus.OK.value) and isinstance(self.server, MetricsServer):
            self.server.served(self.path.partition("?")[0])

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is the run's, and whoever asked has an answer or none."""


class MetricsServer(ThreadingMixIn, WSGIServer):
    """Serves ``application`` on ``listener``, a few connections at a time.

    Args:
        listener: a socket that listens; it is the server's from now on.
        application: answers.
        served: told the path of each request that was answered in full.
    """

    daemon_threads = True

    def __init__(
        self, listener: socket.socket, application: "WSGIApplication", served: Callable[[str], object]
    ) -> None:
        super().__init__(listener.getsockname()[:2], _Request, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        host, self.server_port = listener.getsockname()[:2]
        self.server_name = str(host)
        self.setup_environ()
        self.application = application
        self.served = served
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Serve the connection in a thread of its own, or close it where too many are served already."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        """Serve the connection, and leave its place to another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as above
        """Say nothing: a connection that broke off is its other end's affair."""
