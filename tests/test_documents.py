"""What the documentation says is what the code does."""

import re

from actors.telemetry.alerts.built_in import built_in_rules, stream_rules
from actors.telemetry.metrics.catalogue import find
from sim.faults.registry import FAULTS
from tests.support.documents import (
    ARCHITECTURE,
    FAULTS_PAGE,
    METRICS_PAGE,
    MONITORING,
    REPLAY_PAGE,
    SCALE_OUT,
    faults_table,
    filled,
    layers_picture,
    replay_tables,
    series_table,
    stream_faults_table,
)
from tests.support.repository import ROOT, tracked

TEXT = MONITORING.read_text()
MOST_FILES = 8  # that a story may take: whoever follows it keeps them all in mind


def test_tables_are_those_of_the_code() -> None:
    """Tables of metrics, alerts and features are the catalogues'; ``python -m tests.support.documents`` writes them."""
    assert filled(TEXT) == TEXT


def test_table_of_faults_is_that_of_the_code() -> None:
    """Every kind has its row, and each row says what one will see and what is done about it."""
    text = FAULTS_PAGE.read_text()
    assert filled(text, faults_table()) == text
    assert [kind for kind in FAULTS if f"| `{kind}` |" not in text] == []
    assert [kind for kind, fault in FAULTS.items() if not (fault.summary and fault.seen and fault.mitigation)] == []


def test_table_of_faults_on_a_stream_is_what_each_kind_says() -> None:
    """Every kind has its row: injected in workers, at the producer, or refused with a reason and a remedy."""
    text = SCALE_OUT.read_text()
    assert filled(text, stream_faults_table()) == text
    assert [kind for kind in FAULTS if f"| `{kind}` |" not in text] == []


def test_table_of_series_is_that_of_the_endpoint() -> None:
    """Every series that an endpoint serves has its row: type, unit, labels, meaning."""
    text = METRICS_PAGE.read_text()
    assert filled(text, series_table()) == text


def test_tables_of_a_replay_are_those_of_the_code() -> None:
    """Every key of the section of events and of its column map has its row, in the words of its type."""
    text = REPLAY_PAGE.read_text()
    assert filled(text, replay_tables()) == text


def test_picture_of_the_layers_is_that_of_the_contracts() -> None:
    """What the picture allows is what import-linter allows; ``python -m tests.support.documents`` draws it."""
    text = ARCHITECTURE.read_text()
    assert filled(text, layers_picture()) == text, "python -m tests.support.documents draws it anew"


def test_a_story_takes_few_files_and_names_what_is_in_them() -> None:
    """Each step of a story opens one file, and what it names of our code stands in that file."""
    section = ARCHITECTURE.read_text().split("## Five stories")[1].split("\n## ")[0]
    stories = [re.findall(r"^\d+\. `([^`]+)`: (.+)$", story, re.MULTILINE) for story in section.split("\n**")[1:]]
    assert [len(steps) for steps in stories if not 1 < len(steps) <= MOST_FILES] == []
    assert len(stories) == 5
    for path, text in (step for steps in stories for step in steps):
        names = {part for name in re.findall(r"`([A-Z]\w+(?:\.\w+)*)`", text) for part in name.split(".")}
        found = set(re.findall(r"\w+", (ROOT / path).read_text()))
        assert names - found == set(), f"{path} has no such names"


def test_every_alert_says_what_to_do() -> None:
    """The runbook has each built-in alert, and no other."""
    remedies = TEXT.split("<!-- runbook -->")[1].split("<!-- /runbook -->")[0]
    named = set(re.findall(r"^\*\*(\w+)\.\*\*", remedies, re.MULTILINE))
    assert named == {rule.alert for rule in (*built_in_rules(), *stream_rules())}


def test_metrics_named_in_prose_exist() -> None:
    """A metric that the text mentions is in the catalogue."""
    named = re.findall(r"`((?:latency|feature_store|model|gc|mode|psi)\.[a-z_0-9.]+)`", TEXT)
    files = {"latency.hlog", "model.joblib"}
    assert [name for name in named if name not in files and find(name) is None] == []


def test_documents_name_only_files_that_exist() -> None:
    """Every relative link, every path of a file of ours and every module that is run leads somewhere."""
    for path in (path for path in tracked() if path.suffix == ".md"):
        text = path.read_text()
        links = [path.parent / link for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)]
        links += [
            ROOT / name for name in re.findall(r"`((?:actors|sim|dashboard|tests|scenarios)/[\w/]+\.?\w*)`", text)
        ]
        modules = re.findall(r"python -m ((?:actors|sim|dashboard|tests|benchmarks)\.[\w.]*\w)", text)
        links += [ROOT / f"{name.replace('.', '/')}.py" for name in modules]
        assert [str(link) for link in links if not link.exists()] == []
