"""What the decision log says: one line a decision, with what it rests on."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from actors.config import FeatureLogging
from actors.core.arrays import I64
from actors.core.batches import (
    ARRIVAL,
    ASSEMBLED,
    ASSEMBLY_START,
    DECIDED,
    FEW,
    NUMBER,
    SCORING_START,
    Cause,
    DecidedBatch,
    Decision,
    Mode,
    Reason,
)
from actors.core.clock import NS_PER_US
from actors.output.dead_letters import mask_card, mask_cards

SAMPLE_EVERY = 100  # features are most of a line's bytes; one line in a hundred is enough to look at

_DECISIONS = [decision.label for decision in Decision]
_MODES = [mode.label for mode in Mode]
_CAUSES = [cause.label for cause in Cause]
_REASONS = [reason.label for reason in Reason]


class DecisionLine(msgspec.Struct, gc=False):
    """A line of ``decisions.jsonl``. Times in µs; ``score`` is null (NaN) where no model scored.

    ``label`` is null until the truth is known; ``features`` are in manifest order, null where missing, and absent from
    lines that do not log them.
    """

    id: str
    card: str
    event_time: int
    amount: float
    score: float
    decision: str
    mode: str
    cause: str
    reason: str
    latency_us: int
    assembler_waiting_us: int
    assembly_us: int
    scorer_waiting_us: int
    scoring_us: int
    model: str
    label: int | None = None
    features: list[float] | msgspec.UnsetType = msgspec.UNSET


class DecisionLines:
    """Turns decisions into lines.

    Args:
        digest_of: digest of a model by its generation.
        features: which lines carry their features.
    """

    def __init__(self, digest_of: Callable[[int], str], features: FeatureLogging = "sample") -> None:
        self._digest_of = digest_of
        self._features = features
        self._encoder = msgspec.json.Encoder()

    def encode(self, decided: DecidedBatch) -> bytes:
        """Return one line a decision, each ending with a newline."""
        return self._encoder.encode_lines([self._line(decided)] if len(decided.score) == 1 else self._lines(decided))

    def encode_all(self, batches: Sequence[DecidedBatch]) -> bytes:
        """Return what `encode` returns for ``batches``, at least one, joined; single decisions are not merged first."""
        if all(len(decided.score) == 1 for decided in batches):
            return self._encoder.encode_lines(list(map(self._line, batches)))
        return self.encode(DecidedBatch.merge(batches))

    def _lines(self, decided: DecidedBatch) -> list[DecisionLine]:
        batch, track = decided.batch, decided.batch.track
        lines = list(
            map(
                DecisionLine,
                batch.ids,
                mask_cards(batch.cards),
                batch.event_us.tolist(),
                batch.amount.tolist(),
                decided.score.tolist(),
                map(_DECISIONS.__getitem__, decided.decision.tolist()),
                map(_MODES.__getitem__, decided.mode.tolist()),
                map(_CAUSES.__getitem__, decided.cause.tolist()),
                map(_REASONS.__getitem__, decided.reason.tolist()),
                *_spans_us(track),
                map(self._digest_of, decided.model.tolist()),
            )
        )
        for index in self._rows_with_features(track):
            lines[index].features = batch.features[index].tolist()
        return lines

    def _line(self, decided: DecidedBatch) -> DecisionLine:
        """Do what `_lines` does for one decision, without the arrays and iterators that are made for many."""
        batch = decided.batch
        (row,) = batch.track.tolist()
        line = DecisionLine(
            batch.ids[0],
            mask_card(batch.cards[0]),
            batch.event_us.item(),
            batch.amount.item(),
            decided.score.item(),
            _DECISIONS[decided.decision.item()],
            _MODES[decided.mode.item()],
            _CAUSES[decided.cause.item()],
            _REASONS[decided.reason.item()],
            *_row_spans_us(row),
            self._digest_of(decided.model.item()),
        )
        if self._features == "all" or (self._features == "sample" and row[NUMBER] % SAMPLE_EVERY == 0):
            line.features = batch.features[0].tolist()
        return line

    def _rows_with_features(self, track: I64) -> Sequence[int]:
        if self._features == "off":
            return ()
        if self._features == "all":
            return range(len(track))
        numbers: list[int] = track[:, NUMBER].tolist()
        return [index for index, number in enumerate(numbers) if number % SAMPLE_EVERY == 0]


_STARTS = [ARRIVAL, ARRIVAL, ASSEMBLY_START, ASSEMBLED, SCORING_START]
_ENDS = [DECIDED, ASSEMBLY_START, ASSEMBLED, SCORING_START, DECIDED]


def _spans_us(track: I64) -> Iterable[Sequence[int]]:
    """Return the whole latency and its four parts, in µs, one value a row each."""
    if len(track) <= FEW:
        return zip(*map(_row_spans_us, track.tolist()), strict=True)
    spans: list[list[int]] = ((track[:, _ENDS] - track[:, _STARTS]) // NS_PER_US).T.tolist()
    return spans


def _row_spans_us(row: list[int]) -> tuple[int, int, int, int, int]:
    _, arrival, _, assembly, assembled, scoring, decided, _, _ = row  # as `Track` has them
    return (
        (decided - arrival) // NS_PER_US,
        (assembly - arrival) // NS_PER_US,
        (assembled - assembly) // NS_PER_US,
        (scoring - assembled) // NS_PER_US,
        (decided - scoring) // NS_PER_US,
    )
