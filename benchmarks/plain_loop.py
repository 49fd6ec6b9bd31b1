"""A greedy loop that decides on transactions as they become due: what the actors are measured against.

It is written as a good engineer would who needs no actors: one thread takes all that is due, up to a largest batch,
parses, computes features, scores, decides, writes the log, and sleeps until the next one is due. Parser, kernels,
windows, history, engine, thresholds and log line are the pipeline's own. What it does without is what it does not
promise: mailboxes, supervision, duplicates, dead letters, deadlines, faults, telemetry.
"""

import ctypes
import sys
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from actors.adapters.files import AppendOnlyFile
from actors.core.arrays import I64, all_u8, all_u16
from actors.core.batches import ARRIVAL, DECIDED, NUMBER, SENT, Cause, DecidedBatch, FeatureBatch, Reason, Track
from actors.core.clock import NS_PER_S
from actors.core.transaction import read
from actors.features.assembly import FeatureAssembly
from actors.model.policy import decide
from actors.model.serving import ModelSlot
from actors.output.decision_record import DecisionLines
from benchmarks.rows import Rows

PR_SET_TIMERSLACK = 29
SHORTEST_NS, DEFAULT_NS = 1, 0


@contextmanager
def prompt_sleep() -> Iterator[None]:
    """Let ``time.sleep`` of this thread wake on time, where the system can: by itself Linux adds 50 µs to each.

    So the loop waits as promptly as the pipeline, whose timer descriptor has no such slack, and no less thriftily: to
    spin through the last part of each wait would win a few µs and take the whole core.
    """
    tell = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else lambda *_: None
    tell(PR_SET_TIMERSLACK, SHORTEST_NS, 0, 0, 0)
    try:
        yield
    finally:
        tell(PR_SET_TIMERSLACK, DEFAULT_NS, 0, 0, 0)


class PlainLoop:
    """One run of the loop, with windows and tables of its own.

    Args:
        rows: has the model and the warm state.
        raws: one JSON document each.
        due_ns: when each is due, since the start.
        folder: where the decision log goes.
        largest: batch.

    Attributes:
        decided: every batch.
    """

    def __init__(self, rows: Rows, raws: Sequence[bytes], due_ns: I64, folder: Path, largest: int) -> None:
        warm, slot = rows.warm(), ModelSlot(rows.artifact.served_by("auto"))
        self._raws, self._due_ns, self._largest = list(raws), due_ns, largest
        self._assembly, self._stream = FeatureAssembly(rows.artifact.feature_names), warm.stream
        self._store, self._history, self._model = warm.store, warm.history, slot.current
        self._lines = DecisionLines(slot.digests.__getitem__)
        self._output = AppendOnlyFile(folder / "plain.jsonl")
        self._track: I64 = np.zeros((len(due_ns), len(Track)), dtype=np.int64)
        self._track[:, NUMBER] = np.arange(len(due_ns))
        self.decided: list[DecidedBatch] = []

    def run(self) -> int:
        """Decide on everything; return how many transactions that were."""
        self._track[:, ARRIVAL] = self._due_ns + time.perf_counter_ns()
        due_ns: list[int] = self._track[:, ARRIVAL].tolist()
        done, count = 0, len(due_ns)
        with prompt_sleep():
            while done < count:
                while (left_ns := due_ns[done] - time.perf_counter_ns()) > 0:
                    time.sleep(left_ns / NS_PER_S)
                most = min(done + self._largest, count)
                upto = bisect_right(due_ns, time.perf_counter_ns(), done, most)
                self._decide(done, upto)
                done = upto
        self._output.close()
        return done

    def _decide(self, first: int, upto: int) -> None:
        """Decide on the transactions from ``first`` on; what no one waits for comes after the decision."""
        started_ns = time.perf_counter_ns()
        columns = read(self._raws[first:upto])
        rows = self._store.rows(columns.cards, columns.merchants)
        features, mode = self._assembly.join(columns, self._stream.count(columns), rows)
        assembled_ns = time.perf_counter_ns()
        scores = self._model.engine.score(features)
        decision = decide(scores, self._model.thresholds)
        decided_ns = time.perf_counter_ns()
        count, track = upto - first, self._track[first:upto]
        track[:, SENT : DECIDED + 1] = started_ns, started_ns, assembled_ns, assembled_ns, decided_ns
        batch = FeatureBatch(columns.ids, columns.cards, columns.event_us, columns.amount, features, mode, track)
        cause, reason = all_u8(Cause.NONE, count), all_u8(Reason.SCORE, count)
        generation = all_u16(self._model.generation, count)
        decided = DecidedBatch(batch, scores, decision, mode, cause, reason, generation)
        self._output.append(self._lines.encode(decided))
        self._history.append(columns)
        self.decided.append(decided)
