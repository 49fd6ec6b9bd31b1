"""A verdict in the form that CI systems read: a test suite of JUnit's, a case for each expectation.

What failed is a failure and what could not be judged an error, so that no reader takes a run that proves nothing for
one that passed. The suite has a failure just where the verdict is ``fail``, and an error or a failure where it is no
``pass``.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Final

from sim.judging.result import ExpectationResult
from sim.judging.verdict import IMBALANCE, seen
from sim.report.summary import Summary

NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 cannot say them at all
COUNTED: Final = {"tests": "testcase", "failures": "*/failure", "errors": "*/error", "skipped": "*/skipped"}
OUTCOMES: Final = {"failed": "failure", "skipped": "skipped"}  # of an expectation; passed has none, others an error


def junit(summary: Summary) -> bytes:
    """Return the test suite of a run."""
    return document([_suite(summary)])


def document(suites: Iterable[ET.Element]) -> bytes:
    """Return one file of several suites."""
    root = ET.Element("testsuites")
    root.extend(suites)
    for count in COUNTED:
        root.set(count, str(sum(int(each.get(count, "0")) for each in root)))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def suites_of(text: bytes) -> list[ET.Element]:
    """Return the suites of a file that `document` has made.

    Raises:
        ET.ParseError: it is none.
    """
    return ET.fromstring(text).findall("testsuite")  # noqa: S314 - a file of our own, and expat expands no entities from outside


def broken_suite(scenario: str, why: str) -> ET.Element:
    """Return the suite of a run that has come to no verdict."""
    suite = ET.Element("testsuite", {"name": _plain(scenario), "tests": "1", "errors": "1"})
    case = ET.SubElement(suite, "testcase", {"classname": _plain(scenario), "name": "run"})
    ET.SubElement(case, "error", {"message": _plain(why)})
    return suite


def _suite(summary: Summary) -> ET.Element:
    suite = ET.Element("testsuite", {"name": _plain(summary.scenario), "time": f"{summary.duration_s:.3f}"})
    for each in summary.expectations:
        _expectation(suite, summary, each)
    known = tuple(f"{each.name}: " for each in summary.expectations)
    ledger = [reason for reason in summary.reasons if reason.startswith(IMBALANCE)]
    _case(suite, summary, "ledger", "failure" if ledger else "", ledger)
    for alert in (each for each in summary.alerts if each.fired_count):  # what was pending only told nobody
        often = "once" if alert.fired_count == 1 else f"{alert.fired_count:,} times"
        told = f"{alert.severity}, {alert.state}, fired {often}; {alert.text}"
        ET.SubElement(_case(suite, summary, f"alert {alert.alert}"), "system-out").text = _plain(told)
    rest = [each for each in summary.reasons if each not in ledger and not each.startswith(known)]
    outcome = {"pass": "", "fail": "failure", "inconclusive": "error"}[summary.verdict]
    if outcome == "failure" and not rest:  # its reasons are cases of their own
        outcome = ""
    _case(suite, summary, "run", outcome, rest or summary.reasons)
    for count, tag in COUNTED.items():
        suite.set(count, str(len(suite.findall(tag))))
    return suite


def _expectation(suite: ET.Element, summary: Summary, result: ExpectationResult) -> None:
    outcome = "" if result.state == "passed" else OUTCOMES.get(result.state, "error")
    said = result.note or (seen(result) if outcome == "failure" else "not judged")
    case = _case(suite, summary, result.name, outcome, [f"{said}, wanted {result.wanted}"])
    if not outcome:
        ET.SubElement(case, "system-out").text = _plain(f"{seen(result)}, wanted {result.wanted}")


def _case(suite: ET.Element, summary: Summary, name: str, outcome: str = "", lines: Iterable[str] = ()) -> ET.Element:
    case = ET.SubElement(suite, "testcase", {"classname": _plain(summary.scenario), "name": _plain(name)})
    if outcome:
        said = [_plain(line) for line in lines]
        ET.SubElement(case, outcome, {"message": said[0] if said else outcome}).text = "\n".join(said)
    return case


def _plain(text: str) -> str:
    """Return ``text`` with what XML has no way to say shown as Python would write it."""
    return NO_XML.sub(lambda found: repr(found.group())[1:-1], text)
