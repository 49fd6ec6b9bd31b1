"""Faults of the model: it scores slowly, fails or says nothing; a release of it is damaged or bad."""

from typing import Annotated, ClassVar, Literal

import msgspec

from sim.faults.fault import LastingFault, OnStream, Part, Share

Damage = Literal["truncated", "nul", "flipped", "leaf", "permuted"]
Nonsense = Literal["inverted", "shuffled", "constant"]


class ModelSlow(LastingFault, frozen=True, kw_only=True):
    """Scoring takes a multiple of its time and keeps its core busy all the while, as a much larger model would.

    Attributes:
        factor: the multiple.
    """

    kind: ClassVar[str] = "model_slow"
    breaks: ClassVar[Part] = "model"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "scoring takes a multiple of its time and keeps its core busy"
    seen: ClassVar[str] = "inference and the scorer's busy share rise; past capacity its mailbox fills, latency climbs"
    mitigation: ClassVar[str] = "larger batches in the executor; beyond shed_above or the deadline, decisions by rules"
    factor: Annotated[float, msgspec.Meta(ge=1, le=1_000)] = 10.0


class ModelErrors(LastingFault, frozen=True, kw_only=True):
    """A share of the batches cannot be scored.

    Attributes:
        ratio: share of the batches that fail, 0 to 1.
    """

    kind: ClassVar[str] = "model_errors"
    breaks: ClassVar[Part] = "model"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "a share of the batches cannot be scored"
    seen: ClassVar[str] = "as many decisions by rules, cause model_failed; no transaction is lost"
    mitigation: ClassVar[str] = "the ladder: rules on payload and velocity decide at once"
    ratio: Share = 0.5


class ModelSaturated(LastingFault, frozen=True, kw_only=True):
    """Every score is near 0.5, as from a model whose features lost their scale.

    Attributes:
        spread: what is left of a score's distance from 0.5, 0 to 1; the order of scores stays.
    """

    kind: ClassVar[str] = "model_saturated"
    breaks: ClassVar[Part] = "model"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "every score is near 0.5"
    seen: ClassVar[str] = "the score histogram is one bar in the middle; everything goes to review"
    mitigation: ClassVar[str] = "a review threshold below 0.5 sends all to review; the alert on scores near 0.5"
    spread: Share = 0.02


class ModelCorruptFile(LastingFault, frozen=True, kw_only=True):
    """Whatever model is released while the fault is in is damaged on its way: a copy of it, never the folder itself.

    Touched are candidates. It has an effect only if a model is released meanwhile: by a step, or by whoever puts one
    into the served folder.

    Attributes:
        damage: truncated, as by a full disk; nul, a page of zeros, as by a lost write; flipped, one bit; leaf, one
            leaf's value edited; permuted, two columns mixed up. The last two still load.
        signed: whether the manifest's digest is that of the damaged file, as when it was damaged before it was
            signed: then only loading and the golden rows can tell.
    """

    kind: ClassVar[str] = "model_corrupt_file"
    breaks: ClassVar[Part] = "model"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "the file of a model is damaged while it is released"
    seen: ClassVar[str] = "model.refusals counts, the journal has the reason; every decision names the old model"
    mitigation: ClassVar[str] = "digest, a child process that may die of it, golden rows; the old model serves on"
    touches: ClassVar[str] = "candidates"
    damage: Damage = "truncated"
    signed: bool = False


class ModelBadRelease(LastingFault, frozen=True, kw_only=True):
    """A model is released at the injection that proves itself and scores nonsense: its golden rows agree with it.

    It is made from the serving one and takes over once it is verified, about a second later. A rollback takes it out,
    by a step or by hand; the lift takes it out otherwise, also of what a later rollback would bring back. Each
    injection is one call for ``probability``.

    Attributes:
        scores: inverted, so that fraud is approved and honest customers are blocked; shuffled, as of a model whose
            columns are in the wrong order; or constant at 0.5.
    """

    kind: ClassVar[str] = "model_bad_release"
    breaks: ClassVar[Part] = "model"
    on_stream: ClassVar[OnStream] = "worker"
    summary: ClassVar[str] = "a model takes over that proves itself and scores nonsense"
    seen: ClassVar[str] = "a swap in the journal; then scores shift or cluster, recall falls, and no error at all"
    mitigation: ClassVar[str] = "alerts on score shift and clustered scores; rollback to the model before"
    releases_model: ClassVar[bool] = True
    scores: Nonsense = "inverted"
