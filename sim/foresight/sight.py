"""What the pipeline's ports are, with foresight and without."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actors.arrays import F32, F64
from actors.features.assembly import FeatureAssembly
from actors.features.store import FeatureStore, InMemoryFeatureStore
from actors.features.windows import InMemoryStreamState
from actors.model.scoring import by_engine
from actors.model.slot import ModelSlot, ServingModel
from actors.producer import Source
from actors.transaction import Read, read
from sim.foresight.foresight import ForeseenAssembly, ForeseenSource, ForeseenStore
from sim.foresight.pages import Pages
from sim.foresight.scores import ForeseenScores


@dataclass(frozen=True, slots=True)
class Sight:
    """The ports that may know what comes.

    Attributes:
        watch: makes a source tell what it hands out.
        read: of the assembler.
        assembly: of the assembler.
        store: what is looked up in, before anything is put around it.
        predict: gives the scores of a model.
    """

    watch: Callable[[Source], Source]
    read: Read
    assembly: FeatureAssembly
    store: FeatureStore
    predict: Callable[[ServingModel, F32], F64]


def present(features: Sequence[str], stream: InMemoryStreamState, store: InMemoryFeatureStore) -> Sight:
    """Return ports that compute what they are asked for when they are asked."""
    return Sight(lambda source: source, read, FeatureAssembly(features, stream), store, by_engine)


def foreseeing(
    features: Sequence[str],
    stream: InMemoryStreamState,
    store: InMemoryFeatureStore,
    slot: ModelSlot,
) -> Sight:
    """Return ports that have computed most of it by then; only where computing takes no time.

    Args:
        features: names from the catalogue, in the manifest's order.
        stream: the windows.
        store: what is looked up in.
        slot: holds the serving model.
    """
    pages, scores = Pages(), ForeseenScores()

    def foresee(rows: F32) -> None:
        scores.foresee(slot.current.engine, rows)

    assembly = ForeseenAssembly(features, stream, store, pages, foresee)
    return Sight(
        lambda source: ForeseenSource(source, pages), pages.read, assembly, ForeseenStore(assembly), scores.predict
    )
