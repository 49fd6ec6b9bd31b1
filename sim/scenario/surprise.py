"""A surprise: faults that a scenario leaves to its seed, their kinds, times and parameters.

They are drawn when the scenario is read, from a stream of their own, so that no other draw moves; what is run, written
and played again has them as if they had been written down.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
import numpy as np

from sim.chance import Streams
from sim.faults.fault import Fault, LastingFault, Part
from sim.faults.registry import FAULTS
from sim.scalars import Duration
from sim.units import NS_PER

LEAST_NS: Final = 5 * NS_PER["s"]  # of the span for each fault: below it nobody could tell one from the next
NAME: Final = "surprise"
_MS: Final = NS_PER["ms"]
_SHARES: Final = (0.4, 0.8)  # of its part of the span, for which a fault is in
_DRAWN: Final[Mapping[str, Mapping[str, Any]]] = {  # a range, or a list of values; what is not named has its default
    "feature_store_outage": {},
    "feature_store_timeout": {},
    "feature_store_latency": {"added": (20 * _MS, 200 * _MS)},
    "feature_store_errors": {"ratio": (0.3, 1.0)},
    "feature_store_empty": {},
    "feature_store_zeroed": {},
    "feature_store_partial": {"ratio": (0.3, 0.9)},
    "feature_store_permuted": {},
    "traffic_poison": {"ratio": (0.05, 0.3)},
    "traffic_duplicates": {"ratio": (0.2, 0.6)},
    "traffic_clock_skew": {"skew": (2 * NS_PER["h"], 12 * NS_PER["h"]), "direction": ["ahead", "behind"]},
    "traffic_volume_drop": {"ratio": (0.5, 0.95)},
    "traffic_drift": {"amount_factor": (2.0, 8.0)},
    "traffic_fraud_wave": {"rate": (20.0, 80.0)},
    "model_slow": {"factor": (10.0, 100.0)},
    "model_errors": {"ratio": (0.3, 1.0)},
    "model_saturated": {"spread": (0.0, 0.1)},
    "model_bad_release": {"scores": ["inverted", "shuffled", "constant"]},
    "assembler_hang": {},
    "scorer_hang": {},
    "logger_hang": {},
    "mailbox_squeeze": {"mailbox": ["assembler", "scorer", "logger"], "capacity": (16, 128)},
    "sink_timeout": {},
    "sink_errors": {"ratio": (0.3, 1.0)},
    "disk_full": {},
    "slow_disk": {"added": (50 * _MS, 500 * _MS)},
    "loop_stall": {"stall": (500 * _MS, 2_000 * _MS)},
}


class Surprise(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Faults that the seed draws.

    Attributes:
        faults: how many.
        from_: what they break; absent anything.
        between: when they are in, from the start of the run; absent the middle eight tenths of it.
    """

    faults: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1
    from_: tuple[Literal["feature_store", "model", "traffic", "actor", "caller", "disk", "loop"], ...] = ()
    between: tuple[Duration, Duration] | None = None

    def span(self, run_ns: int) -> tuple[int, int]:
        """Return from when to when faults may be in, in a run of this length."""
        return (run_ns // 10, run_ns - run_ns // 10) if self.between is None else self.between


def candidates(surprise: Surprise, own: Sequence[Fault], *, synthetic: bool) -> tuple[type[Fault], ...]:
    """Return the kinds that can be drawn.

    Those are left out that do nothing by themselves, that the scenario has already, and in a replay those that need
    the synthetic world.

    Args:
        surprise: what is asked for.
        own: the scenario's other faults.
        synthetic: whether the transactions are made up.
    """
    taken = {each.kind for each in own}
    parts: Iterable[Part] = surprise.from_ or get_args(Part)
    kinds = (FAULTS[name] for name in _DRAWN if name not in taken)
    return tuple(each for each in kinds if each.breaks in parts and (synthetic or not each.needs_world))


def drawn(
    surprise: Surprise, own: Sequence[Fault], names: Iterable[str], seed: int, run_ns: int, *, synthetic: bool
) -> tuple[Fault, ...]:
    """Return the faults, one after another: each in its own part of the span, and each of another kind.

    Args:
        surprise: what is asked for; it fits.
        own: the scenario's other faults.
        names: that are taken.
        seed: of the run.
        run_ns: length of the run.
        synthetic: whether the transactions are made up.
    """
    chance = Streams(seed)[NAME]
    kinds = candidates(surprise, own, synthetic=synthetic)
    start_ns, end_ns = surprise.span(run_ns)
    each_ns = (end_ns - start_ns) // surprise.faults
    taken, faults = set(names), []
    for number, index in enumerate(chance.permutation(len(kinds))[: surprise.faults]):
        kind = kinds[int(index)]
        name = next(word for count in range(len(taken) + 1) if (word := f"{NAME}-{number + 1 + count}") not in taken)
        taken.add(name)
        length_ns = _whole_ms(chance.uniform(*_SHARES) * each_ns)
        at_ns = _whole_ms(start_ns + number * each_ns + chance.uniform() * (each_ns - length_ns))
        said = {key: _value(chance, between) for key, between in _DRAWN[kind.kind].items()}
        said |= {"duration": length_ns} if issubclass(kind, LastingFault) else {}
        faults.append(kind(name=name, at=at_ns, **said))
    return tuple(faults)


def _value(chance: np.random.Generator, between: Any) -> Any:  # noqa: ANN401 - of whatever type the key has
    """Return a value for a key; of times whole milliseconds, of shares and factors two digits."""
    if isinstance(between, list):
        return between[int(chance.integers(len(between)))]
    low, high = between
    if isinstance(low, float):
        return round(float(chance.uniform(low, high)), 2)
    drawn_one = int(chance.integers(low, high + 1))
    return _whole_ms(drawn_one) if low >= _MS else drawn_one


def _whole_ms(span_ns: float) -> int:
    return int(span_ns) // _MS * _MS
