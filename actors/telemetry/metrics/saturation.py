"""How full the mailboxes, how busy the actors and how loaded their process are."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf

from actors.core.clock import NS_PER_S
from actors.telemetry.counters import ActorWork
from actors.telemetry.metrics.metric import BYTES_PER_MB, Metric, Read, Unit, counted, reading, share, time_share
from actors.telemetry.metrics.series import Sample, Series, levels, total, totals
from actors.telemetry.snapshot import MailboxGauge, Snapshot
from actors.telemetry.window import Window

MAILBOXES = ("assembler", "scorer", "logger")  # each named after the actor that reads it
ACTORS = ("producer", *MAILBOXES)


def _of_mailboxes(read: Callable[[MailboxGauge], float]) -> Callable[[Window], Iterator[Sample]]:
    return lambda window: (((box.name,), read(box)) for box in window.newer.gauges.mailboxes)


def _of_actors(read: Callable[[ActorWork], float]) -> Callable[[Snapshot], Iterator[Sample]]:
    return lambda snapshot: (((actor,), read(work)) for actor, work in snapshot.work.items())


def _blocked(snapshot: Snapshot) -> Iterator[Sample]:
    return (((box.name,), box.blocked_s) for box in snapshot.gauges.mailboxes)


_BOX = ("mailbox",)
_ACTOR = ("actor",)
DEPTH = levels("mailbox_depth", "transactions waiting in a mailbox", _BOX, _of_mailboxes(lambda box: box.depth))
FILL = levels(
    "mailbox_fill",
    "depth of a mailbox, of its capacity",
    _BOX,
    _of_mailboxes(lambda box: box.depth / box.capacity),
    "ratio",
)
BLOCKED = totals("mailbox_blocked", "time that senders waited for room in a mailbox", _BOX, _blocked, "seconds")
BUSY = totals(
    "actor_busy", "time that an actor worked", _ACTOR, _of_actors(lambda work: work.busy_ns / NS_PER_S), "seconds"
)
BATCHES = totals("actor_batches", "batches that an actor worked on", _ACTOR, _of_actors(lambda work: work.batches))
ROWS = totals("actor_transactions", "transactions that an actor worked on", _ACTOR, _of_actors(lambda work: work.rows))


def saturation_series() -> Iterator[Series]:
    """Yield what other systems are told beyond what metrics read."""
    what = "transactions that a mailbox holds before it blocks the sender"
    yield levels("mailbox_capacity", what, _BOX, _of_mailboxes(lambda box: box.capacity)).series


def actor_metrics() -> Iterator[Metric]:
    """Yield depth, fill and blocking of each mailbox; work of each actor; restarts."""
    for mailbox in MAILBOXES:
        yield from _mailbox_metrics(mailbox)
    for actor in ACTORS:
        yield from _work_metrics(actor)
    yield counted("restarts", "actors restarted", lambda s: s.counters.restarts)


def _mailbox_metrics(name: str) -> Iterator[Metric]:
    depth = _gauge(name, lambda box: box.depth)
    words = f"{name}.depth queue.{name} {name}_queue {name}.queue_depth"
    yield reading(
        f"mailbox.{name}.depth",
        Unit.COUNT,
        f"transactions waiting for the {name}",
        depth,
        also=words,
        of=DEPTH.where("mailbox", name),
    )
    fill = _gauge(name, lambda box: box.depth / box.capacity)
    what = f"depth of the {name}'s mailbox, of its capacity; over 1 where that was squeezed"
    yield reading(f"mailbox.{name}.fill_ratio", Unit.RATIO, what, fill, at_most=inf, of=FILL.where("mailbox", name))
    what = f"share of the time that senders waited for room at the {name}"
    yield time_share(f"mailbox.{name}.blocked_ratio", what, BLOCKED.where("mailbox", name), worse=True)


def _gauge(name: str, read: Callable[[MailboxGauge], float]) -> Read:
    return lambda window: next((read(box) for box in window.newer.gauges.mailboxes if box.name == name), None)


def _work_metrics(name: str) -> Iterator[Metric]:
    what = f"share of the time that the {name} worked"
    yield time_share(f"actor.{name}.busy_ratio", what, BUSY.where("actor", name))
    yield share(
        f"actor.{name}.batch_size",
        f"mean number of transactions in a batch of the {name}",
        ROWS.where("actor", name),
        BATCHES.where("actor", name),
        unit=Unit.COUNT,
    )


def stream_metrics() -> Iterator[Metric]:
    """Yield for how long the servers of a stream have been silent."""
    what = "for how long {} of a run on a stream has not answered, 0 while it does"
    yield reading(
        "stream.kafka_silent_s", Unit.S, what.format("Kafka"), lambda window: window.newer.gauges.kafka_silent_s
    )
    yield reading(
        "stream.redis_silent_s", Unit.S, what.format("Redis"), lambda window: window.newer.gauges.redis_silent_s
    )


GC_PAUSED = total(
    "gc_paused", "time that garbage collection stopped the world", lambda s: s.gc.total_ns / NS_PER_S, "seconds"
)
_MEMORY = "memory mem rss rss_mb memory_bytes ram"


def process_metrics() -> Iterator[Metric]:
    """Yield memory and garbage collection."""
    what = "share of the time that garbage collection stopped the world"
    for metric in (
        reading("memory_mb", Unit.MB, "resident memory of the pipeline's process", _memory_mb, also=_MEMORY),
        counted("gc.pauses", "garbage collections", lambda s: s.gc.pauses),
        time_share("gc.pause_ratio", what, GC_PAUSED, worse=True),
    ):
        yield replace(metric, of_process=True)


def _memory_mb(window: Window) -> float | None:
    resident = window.newer.memory_bytes
    return None if resident is None else resident / BYTES_PER_MB
