"""From a scenario's ``events:`` section to plain values."""

import math
from collections.abc import Callable
from pathlib import Path

from actors.core.clock import NS_PER_US
from sim.replay.spec import ALL_TIME, EventsSpec, Period
from sim.scenario.events import Events
from sim.units import moment_us


def opened_spec(events: Events, told: Callable[[float], None] | None = None) -> EventsSpec:
    """Return what ``events`` says and what its file tells besides: the unit of bare numbers, and where it lies sorted.

    Args:
        events: the section.
        told: how far sorting is, 0 to 1; a file that this process has sorted before is not sorted again.

    Raises:
        TransactionFileError: the file cannot be opened, as `EventFile.open` says.
    """
    from sim.replay.event_file import EventFile

    spec = events_spec(events)
    return (EventFile.open(spec) if told is None else EventFile.open(spec, told)).spec


def events_spec(events: Events) -> EventsSpec:
    """Return what ``events`` says."""
    from_us, to_us = events.replay_us()
    return EventsSpec(
        file=Path(events.file),
        columns=events.columns,
        sort=events.sort,
        separator=events.separator,
        multiline=events.multiline,
        timezone=events.timezone,
        speed=None if math.isinf(events.speed) else events.speed,
        replay=Period(from_us or ALL_TIME.from_us, to_us or ALL_TIME.to_us),
        train=None if events.train is None else Period(*events.span_us(events.train)),
        test=None if events.test is None else Period(*events.span_us(events.test)),
        label_delay_us=events.label_delay // NS_PER_US,
        warm_from_us=0 if events.warm_from is None else moment_us(events.warm_from, events.timezone),
        known_card_filter=events.known_card_filter,
    )
