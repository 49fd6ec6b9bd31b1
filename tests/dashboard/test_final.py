"""What stays on the normal screen after a run."""

import io
import re

from msgspec.structs import replace

from dashboard.frame import Figure, Frame
from dashboard.panels.grades import Graded, GradedFault
from dashboard.plain import print_final, verdict
from dashboard.screen import to_svg
from tests.support.dashboard.frames import SAMPLES, failing, outage
from tests.support.dashboard.healthy_frame import burst


def text(frame: Frame, width: int = 100) -> str:
    """The verdict without colours."""
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in verdict(frame, width).rows)


def test_the_verdict_lists_each_expectation_with_wanted_and_seen() -> None:
    """Name, state, value and rule on one line."""
    lines = [line for line in text(burst()).splitlines() if "tail" in line]
    assert lines == [" ○ tail                    holding                     1.24 ms  latency.p95 < 50ms during burst"]


def test_how_many_samples_were_beyond_the_limit_stands_before_the_rule() -> None:
    """K and n of each percentile, on the line of its rule; beside a figure they are never cut."""
    first, *rest = burst().expectations
    counted = replace(first, samples="12 of 200 beyond")
    picture = text(replace(burst(), expectations=(counted, *rest)))
    assert "   12 of 200 beyond · latency.p95 < 50ms during burst" in picture.splitlines()
    noted = replace(counted, state="inconclusive", note="too few samples")
    picture = text(replace(burst(), expectations=(noted, *rest)))
    assert "   12 of 200 beyond · latency.p95 < 50ms during burst\n   → too few samples" in picture


def test_latency_beyond_an_hour_is_told_as_a_lower_bound() -> None:
    """No figure stands where only a bound is known."""
    run_us = {"latency.p50": 9_000_000, "latency.p95": 3_600_000_001, "latency.p99": 3_600_000_001}
    beyond = {name: Figure(None, value) for name, value in run_us.items()}
    assert "p50 9.00 s, p95 1 h or more, p99 1 h or more" in text(replace(burst(), figures=beyond))


def test_a_long_rule_stands_in_full() -> None:
    """On a narrow screen the rule takes lines of its own instead of being cut."""
    assert "latency.p99 < max(2 * baseline.latency.p99, 10ms)" in text(outage(), 80)


def test_a_failure_says_what_to_do_next() -> None:
    """The note of a failed expectation and every broken equation stand in full."""
    picture = text(failing(), 80)
    assert "verdict ✗ FAIL" in picture
    assert "→ the-night-when" in picture
    assert "offered 1,000,000,000,000,000 ≠ unsent 8 + produced 51,959" in picture
    assert "BROKEN" in picture


def test_grades_have_no_column_with_nothing_in_it() -> None:
    """Alerts that rang for nothing stand in a table of their own; faults have one where there were any."""
    loud = (("LatencyTailHigh", 1, 0), ("BatchFeaturesOld", 3, 2))
    alone = text(burst().showing(Graded(loud=loud)))
    assert "seen by" not in alone
    assert re.search(r"LatencyTailHigh +1 false alarm\n", alone)
    assert re.search(r"BatchFeaturesOld +3 false alarms, 2 flaps\n", alone)
    both = text(burst().showing(Graded(unseen=("store-down",), loud=loud)))
    assert re.search(r"fault +seen by +after +resolved\n +store-down +no alert saw it\n\n +alert +false", both)
    assert "false alarms, flaps" not in text(burst().showing(Graded(unseen=("store-down",))))


def test_no_line_of_the_grades_is_cut_on_the_smallest_screen() -> None:
    """With names as long as those of faults by hand and of built-in alerts, every word is there in 80 columns."""
    seen = GradedFault(
        fault="feature_store_outage-12",
        alert="ErrorBudgetBurnSteady",
        detected_after_s=1_234.5,
        resolved_after_s=1_234.5,
        lasts=True,
    )
    shown = text(burst().showing(Graded(faults=(seen,))), 80)
    (line,) = [line for line in shown.splitlines() if seen.fault in line]
    assert seen.alert in line
    assert line.rstrip().endswith("after its end")


def test_money_says_how_many_labels_it_rests_on() -> None:
    """No amount without its base."""
    assert "of 21.4 k labelled decisions" in " ".join(text(burst()).split())


def test_the_verdict_never_wraps() -> None:
    """Every line fits the width, for every sample."""
    for make in SAMPLES.values():
        for width in (40, 80, 120):
            for line in verdict(make(), width).rows:
                assert sum(segment.cell_length for segment in line) == width


def test_without_a_frame_only_the_text_is_left() -> None:
    """A run that never began has no verdict to show."""
    out = io.StringIO()
    print_final(None, "scenario.yaml:3:1: unknown key", out, with_picture=True)
    assert out.getvalue() == "scenario.yaml:3:1: unknown key\n"


def test_the_svg_is_the_same_for_the_same_frame() -> None:
    """A picture in the documents changes only when the frame does."""
    assert to_svg(burst()) == to_svg(burst())
    assert to_svg(burst(), 80, 24).startswith("<svg")
