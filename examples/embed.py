"""A pipeline inside another program.

Covers: a source, a sink, a model folder and a config of your own, put together without the laboratory.
Scenario: a service receives transactions a few at a time, hands them over, and reads what was decided.

``python examples/embed.py MODEL`` scores a few thousand made-up transactions on the model in the folder MODEL.
"""

import argparse
import asyncio
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np

from actors.adapters.memory import InMemoryDeadLetters, InMemoryDecisionSink, InMemoryLines, InMemorySource
from actors.config import PipelineConfig, ScorerConfig
from actors.core.batches import DecidedBatch, Decision, Mode, Track
from actors.core.clock import NS_PER_MS, NS_PER_US, US_PER_S, RealClock
from actors.core.errors import InputError, MachineError
from actors.features.assembly import FeatureAssembly, compile_features
from actors.model.scoring import LocalScoring
from actors.model.serving import ModelSlot
from actors.model.verification import ChildVerification
from actors.model.warm_state import load_warm_state
from actors.pipeline import Pipeline, Surroundings
from actors.telemetry.telemetry import Telemetry

CONFIG = PipelineConfig(scorer=ScorerConfig(deadline_ns=50 * NS_PER_MS))  # what would be later is decided by rules
COUNT, AT_ONCE = 4_000, 20


async def score(folder: Path) -> DecidedBatch:
    """Return the decisions of the model in ``folder``, which a child process looks at first."""
    artifact = await ChildVerification(CONFIG.scorer.engine).verify(folder)
    compile_features()
    warm, slot = load_warm_state(artifact), ModelSlot(artifact)
    source, sink, clock = InMemorySource(), InMemoryDecisionSink(), RealClock()
    around = Surroundings(
        source=source,
        assembly=FeatureAssembly(artifact.feature_names),
        stream=warm.stream,
        store=warm.store,
        history=None,  # kept for tables of batch features, which nothing computes anew here: see `Refresher`
        scoring=LocalScoring(slot, ThreadPoolExecutor(1, "scoring")),
        digest_of=slot.digests.__getitem__,
        sink=sink,
        output=InMemoryLines(),
        dead_letters=InMemoryDeadLetters(),
        clock=clock,
        telemetry=Telemetry(artifact.reference),
    )
    pipeline = Pipeline(CONFIG, around)
    pipeline.start()
    view = warm.history.view()
    cards, merchants = view.cards.names[: view.card_count], view.merchants.names[: view.merchant_count]
    for number in range(COUNT):  # as requests would
        fields = {"id": f"tx-{number}", "event_time": artifact.manifest.state_end_us + number * US_PER_S}
        fields |= {"card": cards[number * 7 % len(cards)], "merchant": merchants[number * 3 % len(merchants)]}
        source.put([msgspec.json.encode({**fields, "amount": 5.0 + number % 97 * 7.5})])
        if number % AT_ONCE == 0:
            await clock.sleep_ns(NS_PER_MS)
    source.close()
    await pipeline.finished()
    return DecidedBatch.merge(sink.decided)


def main() -> int:
    """Score, and print decisions, modes and latencies; return 2 for a folder that holds no model."""
    arguments = argparse.ArgumentParser(description="Score made-up transactions on a trained model.")
    arguments.add_argument("model", type=Path, help="its folder")
    try:
        decided = asyncio.run(score(arguments.parse_args().model))
    except (InputError, MachineError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for kind, values in ((Decision, decided.decision), (Mode, decided.mode)):
        print(
            f"{kind.__name__}s:", ", ".join(f"{kind(each).label} {n:,}" for each, n in Counter(values.tolist()).items())
        )
    track = decided.batch.track
    p50, p99 = np.percentile((track[:, Track.DECIDED] - track[:, Track.ARRIVAL]) / NS_PER_US, (50, 99))
    print(f"latency: p50 {p50:,.0f} µs, p99 {p99:,.0f} µs, of {len(decided):,} transactions")
    print(f"the last: {decided.batch.ids[-1]}, {Decision(decided.decision[-1]).label}, score {decided.score[-1]:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
