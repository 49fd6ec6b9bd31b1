"""Blocks of traffic cut, joined and written over, each transaction with its truth beside it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from actors.arrays import I64
from sim.world.block import Block


def rows_of(block: Block, at: I64) -> Block:
    """Return a block of the rows at ``at`` of ``block``, in that order."""
    places = at.tolist()
    return Block(
        first=block.first,
        due_ns=None if block.due_ns is None else block.due_ns[at],
        raws=[block.raws[place] for place in places],
        event_us=block.event_us[at],
        fraud=block.fraud[at],
        pattern=block.pattern[at],
        merchants=[block.merchants[place] for place in places],
        categories=[block.categories[place] for place in places],
    )


def joined(one: Block, other: Block) -> Block:
    """Return the rows of ``one`` and then those of ``other``; both have intended arrivals, or neither."""
    due_ns = None
    if one.due_ns is not None and other.due_ns is not None:
        due_ns = np.concatenate([one.due_ns, other.due_ns])
    return Block(
        first=one.first,
        due_ns=due_ns,
        raws=one.raws + other.raws,
        event_us=np.concatenate([one.event_us, other.event_us]),
        fraud=np.concatenate([one.fraud, other.fraud]),
        pattern=np.concatenate([one.pattern, other.pattern]),
        merchants=one.merchants + other.merchants,
        categories=[*one.categories, *other.categories],
    )


def rewritten(raw: bytes, change: Callable[[dict[str, Any]], dict[str, Any]]) -> bytes:
    """Return the document ``raw`` with its fields changed; what another fault has damaged already stays as it is.

    Args:
        raw: a JSON document, or what is left of one.
        change: returns the new fields; KeyError, TypeError and ValueError say that those it needs are not usable.
    """
    try:
        fields = msgspec.json.decode(raw, type=dict[str, Any])
        return msgspec.json.encode(change(fields))
    except (KeyError, TypeError, ValueError):
        return raw


def with_raws(block: Block, changed: dict[int, bytes]) -> Block:
    """Return ``block`` with other documents at the rows that ``changed`` names."""
    raws = block.raws.copy()
    for place, raw in changed.items():
        raws[place] = raw
    return replace(block, raws=raws)
