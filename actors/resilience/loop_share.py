"""How many rows may be scored on the event loop, so that it is never held for long."""

from actors.work import LOOP, Core


class LoopShare:
    """Learns what a row costs, and says how many at most are scored on the event loop.

    On the loop scores are there at once, without the hand-over to a thread and the waits for the interpreter at both
    ends; but all else stands still meanwhile. So a batch measured there counts for much: a model that has become slow
    is away from the loop after one or two. In the executor a row never costs less than on the loop, nor many times
    more; what it costs there says when the loop can bear it again.

    Args:
        hold_ns: how long scoring may hold the loop at most; 0: everything is scored in the executor.
        most: rows that it may take at most.

    Example:
        >>> share = LoopShare(2_000_000, 1_024)
        >>> for _ in range(10):
        ...     share.learn(50, 500_000, LOOP)
        >>> share.rows
        194
        >>> share.learn(100, 50_000_000, LOOP)
        >>> share.rows
        12
    """

    WEIGHT = 0.3  # of the newest batch on the loop
    HAND_OVER = 3  # a row takes at most so many times as long in the executor, waits included
    START_NS = 20_000  # for a row, before anything was measured

    def __init__(self, hold_ns: int, most: int) -> None:
        self._hold_ns = hold_ns
        self._most = most
        self._row_ns = float(self.START_NS)
        self.rows = 0
        self._share()

    def learn(self, rows: int, took_ns: int, core: Core) -> None:
        """Take a scored batch into account, of at least one row.

        One row at once tells what a batch costs by itself, and of what a row costs only whether it is too much.
        """
        if rows == 1 and core is LOOP and took_ns <= self._hold_ns:
            return
        measured_ns = took_ns / rows
        if core is LOOP:
            self._row_ns += self.WEIGHT * (measured_ns - self._row_ns)
        else:
            self._row_ns = min(max(self._row_ns, measured_ns / self.HAND_OVER), measured_ns)
        self._share()

    def _share(self) -> None:
        self.rows = min(self._most, int(self._hold_ns / max(self._row_ns, 1.0)))
