"""What a run came to, as tables: expectations, alerts, phases and faults, money, a drill's debrief."""

from collections.abc import Iterator, Sequence

from sim.drill.debrief import Debrief, Times
from sim.drill.printing import COSTS, costs, nothing_came
from sim.judging.alert_grades import AlertGrades
from sim.page.blocks import Block, Paragraph, Section, Table, Tone
from sim.page.recorded import RecordedRun
from sim.page.words import NOTHING, amount, count, millis, percent, rate, some, when
from sim.report.summary import SpanFigures, Summary
from sim.units import NS_PER, measured_duration

TONES: dict[str, Tone] = {"pass": "good", "passed": "good", "fail": "bad", "failed": "bad", "skipped": ""}


def judged(run: RecordedRun) -> Iterator[Section]:
    """Yield what there is to say of a run that came to its end."""
    summary = run.summary
    if summary is None:
        return
    yield Section("expectations", "Expectations", list(_expectations(summary)))
    if run.debrief is not None:
        yield Section("debrief", "Debrief", list(_debrief(run.debrief)))
    yield Section("alerts", "Alerts", list(_alerts(summary.alert_grades)))
    yield Section("spans", "Phases and faults", list(_spans(summary)))
    yield Section("books", "Decisions and money", list(_books(summary)))


def _expectations(summary: Summary) -> Iterator[Block]:
    if not summary.expectations:
        return
    rows, tones = [], []
    for each in summary.expectations:
        seen = "; ".join(filter(None, (each.value, each.note))) or NOTHING
        rows.append((each.name, each.state, each.wanted, seen, each.counted or NOTHING))
        tones.append(TONES.get(each.state, "open"))
    columns = ("expectation", "state", "wanted", "seen", "samples")
    yield Table("What was expected, what was seen, and how many samples it rests on", columns, rows, 5, tones)
    if summary.skipped:
        yield Paragraph(f"Left out, since the run was cut short: {', '.join(summary.skipped)}.")


def _alerts(grades: AlertGrades) -> Iterator[Block]:
    if not (grades.faults or grades.rules):
        return
    rows = []
    for fault in grades.faults:
        rows += [
            (fault.fault, alert.alert, _s(alert.detected_after_s), _s(alert.resolved_after_s)) for alert in fault.alerts
        ]
        if not fault.alerts:
            missed = "missed: no alert fired" if fault.missed else "no alert fired, and it had no effect"
            rows.append((fault.fault, missed, NOTHING, NOTHING))
        rows += [(fault.fault, f"{alert}: silent, though expected", NOTHING, NOTHING) for alert in fault.silent]
    if rows:
        yield Table(
            "Which alert saw which fault, and how soon", ("fault", "alert", "after", "resolved after its end"), rows, 2
        )
    if grades.rules:
        columns = ("alert", "fired", "false alarms", "flaps")
        rules = [(each.alert, str(each.fired), str(each.false), str(each.flaps)) for each in grades.rules]
        yield Table("How each alert did over the run", columns, rules)


def _s(value: float | None) -> str:
    return NOTHING if value is None else measured_duration(round(value * NS_PER["s"]))


def _spans(summary: Summary) -> Iterator[Block]:
    columns = ("", "from", "to", "offered", "decided", "p50", "p95", "p99", "slowest", "errors", "recall")
    if summary.spans:
        yield Table("The run during each phase and fault", columns, list(map(_span, summary.spans)))
    costs = [
        (each.fault, _share(each.recall_during), _share(each.recall_otherwise), _money(each.money_lost))
        for each in summary.costs
    ]
    if costs:
        yield Table("What each fault cost", ("fault", "recall during it", "otherwise", "money lost"), costs)


def _span(span: SpanFigures) -> Sequence[str]:
    times = (span.latency_p50_ms, span.latency_p95_ms, span.latency_p99_ms, span.latency_max_ms)
    return (
        f"{span.kind} {span.name}",
        when(span.start_s),
        "the end" if span.end_s is None else when(span.end_s),
        rate(some(span.offered_per_s)),
        rate(some(span.throughput_per_s)),
        *(millis(some(each)) for each in times),
        _share(span.error_rate),
        _share(span.business.recall),
    )


def _share(value: float | None) -> str:
    return percent(100 * some(value))


def _money(value: float | None) -> str:
    return amount(some(value))


def _books(summary: Summary) -> Iterator[Block]:
    total = summary.ledger.decided
    for name, counts in (("decision", summary.decisions), ("mode", summary.modes)):
        rows = [
            (key.replace("_", " "), count(number), _share(number / total if total else None))
            for key in counts.__struct_fields__
            if (number := getattr(counts, key)) or name == "decision"
        ]
        yield Table(f"By {name}", (name, "transactions", "share"), rows)
    worth = summary.business
    if worth.labelled:
        values = [
            ("fraud prevented", _money(worth.fraud_prevented)),
            ("fraud lost", _money(worth.fraud_loss)),
            ("good customers blocked", f"{count(worth.wrongly_blocked_count)} ({_money(worth.wrongly_blocked)})"),
            ("sent to review", count(worth.review_volume)),
            ("recall", _share(worth.recall)),
            ("precision", _share(worth.precision)),
            ("ROC AUC of this run's scores", f"{some(summary.live_roc_auc):.4f}"),
        ]
        yield Table(f"Of {count(worth.labelled)} decisions whose truth is known", ("", "value"), values)
    ledger = summary.ledger
    names = ("offered", "produced", "decided", "dead_lettered", "duplicate", "unsent", "undelivered")
    ends = [(name.replace("_", " "), count(getattr(ledger, name))) for name in names]
    yield Table("The ledger balances" if ledger.balanced else "The ledger does not balance", ("", "transactions"), ends)


_INSTANTS = (
    ("came in", "injected_at_s"),
    ("first alert", "alerted_at_s"),
    ("acknowledged", "acknowledged_at_s"),
    ("first call", "called_at_s"),
    ("named", "named_at_s"),
    ("over", "over_at_s"),
)


def _debrief(told: Debrief) -> Iterator[Block]:
    if not told.most:
        yield from map(Paragraph, nothing_came(told))
        return
    yield Paragraph(f"Score {told.score:g} of {told.most}, with {told.false_calls} false calls.")
    columns = ("fault", "what it breaks", *(words for words, _ in _INSTANTS), "seen by", "score")
    rows = [
        (
            *(each.fault, each.part.replace("_", " ")),
            *(_at(getattr(each, key)) for _, key in _INSTANTS),
            *(each.alert or NOTHING, f"{each.score:g}"),
        )
        for each in told.faults
    ]
    yield Table("When each fault came, and when alerts and people saw it", columns, rows, 2)
    means = [("alerts", *_means(told.alerts)), ("people", *_means(told.people))]
    yield Table("Mean time to", ("", "detect", "acknowledge", "diagnose", "recover"), means)
    calls = [(when(each.at_s), each.part.replace("_", " "), each.kind or NOTHING, each.verdict) for each in told.calls]
    if calls:
        yield Table("What was called", ("when", "part", "kind of fault", "verdict"), calls, 4)
    if told.price is None:
        yield Paragraph(f"What it cost is not known: {told.unpriced}.")
        return
    minutes = [(str(number), *costs(each.harm)) for number, each in enumerate(told.price.minutes, start=1)]
    whole = ("the run", *costs(told.price.whole))
    yield Table("What the faults cost, minute by minute", ("minute", *COSTS), [*minutes, whole])


def _at(at_s: float | None) -> str:
    return NOTHING if at_s is None else when(at_s)


def _means(times: Times) -> Sequence[str]:
    return tuple(_s(each.mean_s) for each in (times.detect, times.acknowledge, times.diagnose, times.recover))
