"""A model is released that proves itself and scores nonsense."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

from actors.arrays import F32, F64
from actors.work import Core
from sim.faults.model_nonsense import Nonsense, nonsense_copy
from sim.faults.model_scores import AroundScoring
from sim.faults.port import ModelFault
from sim.faults.switch import FaultSwitch
from sim.faults.thread import to_the_end

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.model.scoring import Scoring
    from actors.model.slot import ServingModel


class ModelBadRelease(ModelFault, frozen=True, kw_only=True):
    """A model is released at the injection that proves itself and scores nonsense: its golden rows agree with it.

    It is made from the serving one and takes over once it is verified, about a second later. A rollback takes it out,
    by a step or by hand; the lift takes it out otherwise, also of what a later rollback would bring back. Each
    injection is one call for ``probability``.

    Attributes:
        scores: inverted, so that fraud is approved and honest customers are blocked; shuffled, as of a model whose
            columns are in the wrong order; or constant at 0.5.
    """

    kind: ClassVar[str] = "model_bad_release"
    summary: ClassVar[str] = "a model takes over that proves itself and scores nonsense"
    seen: ClassVar[str] = "a swap in the journal; then scores shift or cluster, recall falls, and no error at all"
    mitigation: ClassVar[str] = "alerts on score shift and clustered scores; rollback to the model before"
    scores: Nonsense = "inverted"

    def build(self, port: "Scoring", switch: FaultSwitch) -> "Scoring":
        """Return scoring that tells the bad model's work; the desk lets it take over."""
        return _Takeover(port, switch, self)


class _Takeover(AroundScoring):
    def __init__(self, scoring: "Scoring", switch: FaultSwitch, fault: ModelBadRelease) -> None:
        super().__init__(scoring, switch)
        self._fault = fault
        self._digest: str | None = None
        self._releasing: asyncio.Task[None] | None = None
        switch.when_injected(self._begin)
        switch.when_lifted(self._end)

    async def score(self, model: "ServingModel", features: F32, core: Core) -> F64:
        """Score; with the bad model this is the harm."""
        if model.digest == self._digest:
            self.switch.touch(len(features))
        return await self.scoring.score(model, features, core)

    def _begin(self) -> None:
        if self.switch.strikes():
            self._releasing = asyncio.create_task(self._release(), name=self.switch.name)

    def _end(self) -> None:
        """Take the bad model out at once, or keep it from being let in."""
        if self._releasing is not None:
            self._releasing.cancel()
        if self._digest is not None:
            self.switch.site.releasing().withdraw(self.switch.name, self._digest)

    async def _release(self) -> None:
        with (
            self.switch.effect(0),
            TemporaryDirectory(prefix="riskdrill-nonsense-", ignore_cleanup_errors=True) as place,
        ):
            await self._release_from(Path(place) / "model")

    async def _release_from(self, copy: Path) -> None:
        from actors.model.artifact import MANIFEST_FILE
        from actors.model.manifest import read_manifest

        desk = self.switch.site.releasing()
        await to_the_end(lambda: nonsense_copy(desk.serving, copy, self._fault.scores))
        self._digest = read_manifest(copy / MANIFEST_FILE).digest
        outcome = await desk.release(self.switch.name, copy)
        if not outcome.done:
            raise RuntimeError(outcome.detail.replace(str(copy), "the bad model"))
