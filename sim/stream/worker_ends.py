"""What stands at the ends of a worker's pipeline: its adapters for one run, and what they tell."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from actors.assembler import OnDuplicates, passed_over
from actors.core.clock import Clock
from actors.features.store import FeatureStore
from actors.features.stream_state import StreamState
from actors.model.artifact import Artifact
from actors.output.dead_letters import DeadLetterSink
from actors.output.sinks import DecisionSink
from actors.remembered_ids import OwnIds, RememberedIds
from actors.source import Source
from sim.exit_codes import PASS
from sim.scenario.scenario import Scenario
from sim.stream.control_messages import Announce, EndsReading
from sim.stream.membership import Identity


class Epochs(Protocol):
    """What moves a worker through its stream, behind source and sink."""

    def begin(self, start_ns: int) -> None:
        """Take that the pipeline starts now, at ``start_ns`` on its clock: intended times count from there."""
        ...

    def finish(self) -> None:
        """Let the source hand out nothing more: it ends."""
        ...

    async def close(self) -> None:
        """Wait until all is committed that was decided, then leave the others the partitions."""
        ...

    async def failed(self) -> "Ending":
        """Wait until this worker can never go on: it was fenced, hung, or its transactions are gone; return that."""
        ...

    def reading(self) -> EndsReading:
        """Return how it stands; from memory."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerEnds:
    """The adapters of one worker in one run.

    Attributes:
        stream: the windows, which all workers share.
        store: the batch features.
        epochs: what moves source and sink.
        on_duplicates: told which transactions end as duplicates.
        remembered: ids that all workers have seen; None: nothing but ``own_ids`` is asked.
        own_ids: ids that this worker has seen; None: the pipeline makes a memory for them.
    """

    source: Source
    sink: DecisionSink
    dead_letters: DeadLetterSink
    stream: StreamState
    store: FeatureStore
    epochs: Epochs
    on_duplicates: OnDuplicates = passed_over
    remembered: RememberedIds | None = None
    own_ids: OwnIds | None = None


class Ending(NamedTuple):
    """How a worker's part in a run ended.

    Attributes:
        why: in a few words.
        asked: by whoever runs the process.
        fatal: nothing more can be committed.
        code: that the process ends with; it waits for another run where that is 0.
    """

    why: str
    asked: bool = False
    fatal: bool = False
    code: int = PASS


@dataclass(frozen=True, slots=True)
class Joined:
    """What the adapters of a worker are made for.

    Attributes:
        announce: of the run.
        scenario: of the run.
        identity: which worker it is.
        artifact: the model; its folder has what is known of cards, merchants and devices that the run has not seen.
        digest_of: digest of a model by its generation.
    """

    announce: Announce
    scenario: Scenario
    identity: Identity
    artifact: Artifact
    digest_of: Callable[[int], str]
    clock: Clock


Connect: TypeAlias = Callable[[Joined], Awaitable[WorkerEnds]]
"""Makes the adapters for a run that a worker has joined."""
