"""Prometheus and promtool for tests: a server of a test's own, and what it answers."""

import json
import shutil
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from sim.servers.process import LOOPBACK, free_port, start
from tests.support.servers import lacking, unwanted

STARTS_S = 60.0
STOPS_S = 20.0
READ_EVERY = "1s"


def program(name: str) -> str:
    """Return where ``prometheus`` or ``promtool`` is; skips the test where it is not."""
    unwanted(name)
    return shutil.which(name) or lacking(f"{name}: apt-get install prometheus")


def promtool(*words: str) -> None:
    """Run promtool, which must be content."""
    done = subprocess.run([program("promtool"), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Prometheus:
    """A server on a free port of loopback that reads ``targets`` once a second.

    Args:
        folder: for its data, which go with the test.
        targets: HOST:PORT each.
        rules: a file of rules that it evaluates.
    """

    def __init__(self, folder: Path, targets: Sequence[str], rules: Path | None = None) -> None:
        settings = {
            "global": {"scrape_interval": READ_EVERY, "scrape_timeout": READ_EVERY, "evaluation_interval": READ_EVERY},
            "rule_files": [] if rules is None else [str(rules)],
            "scrape_configs": [{"job_name": "riskdrill", "static_configs": [{"targets": list(targets)}]}],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
        self._port = free_port()
        command = [
            program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self._port}",
        ]
        self._known = start(command, self._port, folder / "prometheus.log", STARTS_S)

    def get(self, path: str, **parameters: object) -> Any:  # noqa: ANN401 - any JSON
        """Return the data of an answer, which must be one without an error."""
        words = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(
            f"http://{LOOPBACK}:{self._port}/api/v1/{path}?{words}", timeout=STARTS_S
        ) as answer:
            told = json.loads(answer.read())
        assert told["status"] == "success", told
        assert "warnings" not in told, told
        return told["data"]

    def value(self, query: str) -> float | None:
        """Return the one figure that answers ``query``; None where nothing does."""
        found = self.get("query", query=query)["result"]
        assert len(found) <= 1, (query, found)
        return float(found[0]["value"][1]) if found else None

    def until(self, query: str) -> None:
        """Wait until ``query`` has an answer."""
        rest = threading.Event()
        for _ in range(round(STARTS_S / 0.2)):
            if self.get("query", query=query)["result"]:
                return
            rest.wait(0.2)
        raise AssertionError(query)

    def stop(self) -> None:
        """End it."""
        self._known.stop(STOPS_S)
