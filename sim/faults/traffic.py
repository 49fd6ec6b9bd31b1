"""Faults of the traffic: what arrives, when and how often; fraudsters attack.

They go by the intended arrival of a transaction, not by the moment at which the producer takes it; ``probability`` is
drawn for each transaction by its number. In a replay without a schedule a transaction is changed if it is taken while
the fault is in.
"""

from typing import Annotated, ClassVar, Literal

import msgspec

from actors.core.clock import NS_PER_MS
from sim.faults.fault import LastingFault, OnStream, Part, Share, Wait
from sim.scalars import Duration

Damage = Literal["unparseable", "out_of_range", "giant"]
Attack = Literal["fraud_ring", "card_testing", "account_takeover", "stolen_card"]


class TrafficPoison(LastingFault, frozen=True, kw_only=True):
    """A share of the transactions cannot be used: cut short, with an impossible amount, or far too long.

    Attributes:
        ratio: share of the transactions that are damaged, 0 to 1.
        damage: what is done to them; each gets one of these at random.
    """

    kind: ClassVar[str] = "traffic_poison"
    breaks: ClassVar[Part] = "traffic"
    on_stream: ClassVar[OnStream] = "producer"
    summary: ClassVar[str] = "a share of the transactions is unparseable, out of range or giant"
    seen: ClassVar[str] = "dead letters by reason; nothing else changes, and no actor restarts"
    mitigation: ClassVar[str] = "strict parsing: each becomes a dead letter by itself; a rule on dead_letter_ratio"
    ratio: Share = 0.01
    damage: tuple[Damage, ...] = ("unparseable", "out_of_range", "giant")


class TrafficDuplicates(LastingFault, frozen=True, kw_only=True):
    """A share of the transactions is sent again, as by a client that retries too early. No copy comes after the lift.

    Attributes:
        ratio: share of the transactions that are sent again, 0 to 1.
        copies: how often each of them is sent again.
        after: from one sending of a transaction to the next; at once by default.
    """

    kind: ClassVar[str] = "traffic_duplicates"
    breaks: ClassVar[Part] = "traffic"
    on_stream: ClassVar[OnStream] = "producer"
    summary: ClassVar[str] = "a share of the transactions arrives again with the same id"
    seen: ClassVar[str] = "more is offered and as much is decided; the ledger's duplicates grow"
    mitigation: ClassVar[str] = "the assembler remembers a million ids (remembered_ids) and decides each once"
    moves_arrivals: ClassVar[bool] = True
    ratio: Share = 0.1
    copies: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    after: Annotated[Duration, msgspec.Meta(ge=0)] = 0


class TrafficOutOfOrder(LastingFault, frozen=True, kw_only=True):
    """A share of the transactions is held up on the way and arrives after later ones, none of them after the lift.

    The schedule counts each when it arrives, so that the time on the way is no latency of the pipeline.

    Attributes:
        ratio: share of the transactions that are held up, 0 to 1.
        delay: the longest time that one is held up; each by a random part of it.
    """

    kind: ClassVar[str] = "traffic_out_of_order"
    breaks: ClassVar[Part] = "traffic"
    on_stream: ClassVar[OnStream] = "producer"
    summary: ClassVar[str] = "a share of the transactions arrives after later ones"
    seen: ClassVar[str] = "event times go back and forth; velocity features blur a little"
    mitigation: ClassVar[str] = "windows take late events in; ages below zero count as zero"
    moves_arrivals: ClassVar[bool] = True
    ratio: Share = 0.2
    delay: Wait = 500 * NS_PER_MS


class TrafficClockSkew(LastingFault, frozen=True, kw_only=True):
    """The clock of whoever sends is wrong: event times are shifted. When it really happened stays as it was.

    Attributes:
        skew: by how much, in event time.
        direction: ahead of the true time or behind it.
    """

    kind: ClassVar[str] = "traffic_clock_skew"
    breaks: ClassVar[Part] = "traffic"
    on_stream: ClassVar[OnStream] = "producer"
    summary: ClassVar[str] = "event times are wrong by a fixed span, ahead or behind"
    seen: ClassVar[str] = "velocity features jump and PSI rises, most for gaps and local hour; latency does not move"
    mitigation: ClassVar[str] = "ages below zero count as zero; drift alerts tell"
    skew: Wait
    direction: Literal["ahead", "behind"] = "ahead"


class TrafficVolumeDrop(LastingFault, frozen=True, kw_only=True):
    """A share of the transactions never arrives, as when a partner upstream is cut off.

    Attributes:
        ratio: share of the transactions that are lost, 0 to 1.
    """

    kind: ClassVar[str] = "traffic_volume_drop"
    breaks: ClassVar[Part] = "traffic"
    on_stream: ClassVar[OnStream] = "producer"
    summary: ClassVar[str] = "a share of the transactions never arrives"
    seen: ClassVar[str] = "offered rate and throughput fall together; every ratio stays as it was"
    mitigation: ClassVar[str] = "none here: a rule on offered_rate, which a scenario brings, since no error will tell"
    moves_arrivals: ClassVar[bool] = True
    ratio: Share = 0.8


class TrafficDrift(LastingFault, frozen=True, kw_only=True):
    """Amounts are another multiple of what they were in training, as after an inflation or a change of currency.

    Attributes:
        amount_factor: what amounts are multiplied with.
    """

    kind: ClassVar[str] = "traffic_drift"
    breaks: ClassVar[Part] = "traffic"
    on_stream: ClassVar[OnStream] = "producer"
    summary: ClassVar[str] = "amounts move away from what the model was trained on"
    seen: ClassVar[str] = "PSI of amount and of every feature made from it rises; later scores shift and blocks grow"
    mitigation: ClassVar[str] = "drift alerts on PSI and scores; retraining"
    amount_factor: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)] = 3.0


class TrafficFraudWave(LastingFault, frozen=True, kw_only=True):
    """Fraud on top of the ordinary traffic; its labels arrive after the usual delay. It needs the synthetic world.

    Attributes:
        rate: fraudulent transactions a second.
        attack: the pattern they follow, squeezed into the wave.
    """

    kind: ClassVar[str] = "traffic_fraud_wave"
    breaks: ClassVar[Part] = "traffic"
    on_stream: ClassVar[OnStream] = "producer"
    summary: ClassVar[str] = "a ring, bots or thieves attack on top of the ordinary traffic"
    seen: ClassVar[str] = (
        "blocks, reviews and fraud loss rise; scores shift; latency does not, unless load is near capacity"
    )
    mitigation: ClassVar[str] = "the model and, on lower rungs, the velocity rules; recall tells what they catch"
    needs_world: ClassVar[bool] = True
    rate: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 50.0
    attack: Attack = "fraud_ring"
