"""Scenarios drawn from the JSON Schema: little load, and whatever the schema allows for everything else.

A key that is new in the schema is drawn by itself. What a type cannot say is found as a person finds it: what
validation refuses is taken out until it refuses nothing.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st

from sim.scenario.json_schema import Schema, schema
from sim.scenario.loader import parse
from sim.scenario.problems import InvalidScenarioError

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")  # of the path that a problem gives
ROUNDS = 40  # of taking out what is refused; each takes out at least one thing
MOST_ITEMS = 3  # of a list
NEED_MORE = {"events", "external", "model", "fit_seed"}  # a file, or a model that takes a minute to train
CALM = {"name": "calm", "duration": "100ms", "rate": 150}

# What a pattern of the schema lets through of these is drawn for it: nothing, next to nothing, a little, far too much.
LITTLE = ("0s", "1ns", "1us", "700us", "1ms", "5ms", "20ms", "50ms", "100ms", "200ms")
MUCH = ("0.4ns", "1.5e-3s", "+5 ms", "1_000us", "1h", "12h", "1d", "3660d")
OTHERS = ("0B", "1B", "0.5MB", "500MB", "3GiB", "1e15B", "a", "b", "c", "d", "calm", "x-1_y-2", "N" * 64)
EXPRESSIONS = (
    *("latency.p99 < 50ms", "latency.max >= 0ms", "error_ratio < 1%", "mode.rules.ratio > 0.5", "throughput > 0"),
    *("a.latency.p95 < 2 * b.latency.p95", "calm.goodput > 0", "alerts.firing == 0", "ledger.balanced == 1"),
    *("1 / 0 < throughput", "latency.p50 / 1s < error_ratio", "psi.max > 0.1", "recall > 0.1 or precision > 0.1"),
)
ALERTS = ("FeatureStoreErrors", "LatencyTailHigh", "a", "b")
TEXTS = {"expr": EXPRESSIONS, "alert": ALERTS, "when": ALERTS, "hypothesis": ("", "Tails hold ✓", "two\nlines\t\u202e")}
FEW = {  # what makes the work, by type and key
    ("Phase", "duration"): ("1ns", "1us", "1ms", "30ms", "100ms", "300ms", "300ms", "300ms"),
    ("Phase", "rate"): (0, 1e-9, 1, 50, 150, 150, 150, 400, "150"),
    ("Phase", "ramp_to"): (0, 1e-9, 1, 50, 150, 150, 150, 400, "150"),
    ("TrafficFraudWave", "rate"): (1e-6, 50, 5_000),
    ("ModelRelease", "trees"): (1, 30),  # each number is a model of its own, made once
}


@st.composite
def scenarios(draw: st.DrawFn, clock: str | None = None) -> str:
    """Return the text of a scenario that validation accepts, on ``clock`` if one is given."""
    whole = schema()
    tree = _Drawing(draw, whole["$defs"]).value(whole, "Scenario", "")
    tree |= {} if clock is None else {"clock": clock}
    for _ in range(ROUNDS):
        tree["phases"] = tree.get("phases") or [dict(CALM)]  # one of its own: keys are taken out of it
        text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
        try:
            parse(text, "drawn.yaml")
        except InvalidScenarioError as error:
            for problem in reversed(error.problems):
                _take_out(tree, problem.path)
            tree.setdefault("name", "drawn")
        else:
            return text
    raise AssertionError(f"still refused after {ROUNDS} rounds:\n{text}")


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Draws values of parts of the schema; ``named`` are its definitions."""

    draw: st.DrawFn
    named: dict[str, Schema]

    def value(self, fragment: Schema, owner: str, key: str) -> Any:  # noqa: ANN401 - any YAML
        """Return a value of ``fragment``, which is what ``key`` of the type ``owner`` may be."""
        if (owner, key) in FEW:
            return self.draw(st.sampled_from(FEW[owner, key]))
        if "$ref" in fragment:
            name = fragment["$ref"].rsplit("/", 1)[1]
            return self.value(self.named[name], name, key)
        if "anyOf" in fragment:
            return self.value(self.draw(st.sampled_from(fragment["anyOf"])), owner, key)
        if "const" in fragment or "enum" in fragment:
            return self.draw(st.sampled_from(fragment.get("enum") or [fragment["const"]]))
        return getattr(self, f"_{fragment['type']}")(fragment, owner, key)

    def _object(self, fragment: Schema, owner: str, _: str) -> dict[str, Any]:
        properties, required = fragment["properties"], fragment.get("required", ())
        keys = [key for key in properties if key not in NEED_MORE and (key in required or self.draw(st.booleans()))]
        return {key: self.value(properties[key], owner, key) for key in keys}

    def _array(self, fragment: Schema, owner: str, key: str) -> list[Any]:
        count = self.draw(st.integers(fragment.get("minItems", 0), fragment.get("maxItems", MOST_ITEMS)))
        return [self.value(fragment["items"], owner, key) for _ in range(count)]

    def _boolean(self, _: Schema, __: str, ___: str) -> bool:
        return self.draw(st.booleans())

    def _string(self, fragment: Schema, _: str, key: str) -> str:
        allowed = [text for text in (*LITTLE, *MUCH, *OTHERS) if re.search(fragment.get("pattern", "$."), text)]
        little = [text for text in allowed if text in LITTLE]
        if key in TEXTS:
            return self.draw(st.sampled_from([*TEXTS[key], *allowed]))
        if little and (key in ("at", "duration") or self.draw(st.booleans())):
            return self.draw(st.sampled_from(little))  # or hardly a fault would lie within the run
        return self.draw(st.sampled_from(allowed) if allowed else st.text(max_size=20))

    def _integer(self, fragment: Schema, _: str, __: str) -> int:
        low = fragment["minimum"] if "minimum" in fragment else fragment["exclusiveMinimum"] + 1
        high = fragment["maximum"] if "maximum" in fragment else fragment["exclusiveMaximum"] - 1
        return self.draw(st.one_of(st.sampled_from([low, high]), st.integers(low, high)))

    def _number(self, fragment: Schema, _: str, __: str) -> float:
        ends = [fragment[key] for key in ("minimum", "maximum") if key in fragment]
        within = st.floats(
            fragment.get("minimum", fragment.get("exclusiveMinimum")),
            fragment.get("maximum", fragment.get("exclusiveMaximum")),
            exclude_min="minimum" not in fragment,
            exclude_max="maximum" not in fragment,
        )
        return self.draw(st.one_of(st.sampled_from(ends), within) if ends else within)


def _take_out(tree: dict[str, Any], path: str) -> None:
    """Remove what ``path`` names from ``tree``; where it is not there, the nearest thing around it."""
    inner: Any = tree
    holder, last = None, None
    for key, index in _STEP.findall(path):
        step = key or int(index)
        if not (step in inner if isinstance(inner, dict) else isinstance(inner, list) and int(index) < len(inner)):
            break
        holder, last, inner = inner, step, inner[step]
    if holder is not None:
        del holder[last]
