"""Many variations of a scenario, one after another or side by side, until all are done or someone presses Ctrl-C."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from actors.pipeline import Pipeline
from sim.explore.attempt import Attempt, attempt
from sim.explore.variation import varied
from sim.run.instruments import NO_INSTRUMENTS
from sim.trials.settled import Settled
from sim.trials.side_by_side import side_by_side, silent


@dataclass(frozen=True, slots=True)
class Search:
    """What is tried.

    Attributes:
        settled: the scenario as written.
        first_seed: of the first run.
        seeds: how many runs; each has the next seed.
        anywhere: as of `sim.explore.variation.varied`.
        as_written: whether nothing is varied: one run, of the scenario as it is.
        alter: plants a mistake in the pipeline, for tests; importable, should it go to another process.
    """

    settled: Settled
    first_seed: int
    seeds: int
    anywhere: bool = False
    as_written: bool = False
    alter: Callable[[Pipeline], None] = field(default=NO_INSTRUMENTS.alter)

    def attempts(self, jobs: int, tell: Callable[[str], None] = silent) -> Iterator["Tried"]:
        """Yield what came of each run, in the order of the seeds.

        Args:
            jobs: processes.
            tell: hears of each that was killed, whose run is made again.

        Raises:
            InputError: the model cannot be used.
            MachineError: the machine lacks what a run needs.
            KeyboardInterrupt: Ctrl-C; what was yielded stays true.
        """
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        yield from side_by_side(self._try, seeds, jobs, "seed {}".format, tell)

    def _try(self, seed: int) -> "Tried":
        settled = self.settled if self.as_written else varied(self.settled, seed, anywhere=self.anywhere)
        return Tried(seed, settled, attempt(settled.shorter, settled.model, self.alter))


class Tried(NamedTuple):
    """A seed, the variation that it gave, and what came of it."""

    seed: int
    settled: Settled
    attempt: Attempt
