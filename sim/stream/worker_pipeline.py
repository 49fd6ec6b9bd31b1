"""A worker's pipeline put together: the one that runs in process, between ends that others share."""

from dataclasses import dataclass

from actors.actor import Hooks
from actors.core.batches import DecidedBatch
from actors.core.clock import Clock
from actors.core.work import RealWork
from actors.features.assembly import FeatureAssembly
from actors.model.artifact import Artifact
from actors.model.serving import ModelSlot
from actors.model.verification import ChildVerification
from actors.output.decision_log import DecisionLog
from actors.pipeline import Pipeline, Surroundings
from actors.telemetry.telemetry import Telemetry
from sim.injection.open_run import OpenRun
from sim.injection.schedule import FaultSchedule
from sim.injection.switch import FaultTargets
from sim.journal import Journal
from sim.run.serving import Serving, serve
from sim.scenario.scenario import Scenario
from sim.stream.fault_places import in_workers
from sim.stream.worker_ends import WorkerEnds


class NoFile:
    """Takes lines and keeps none: what a worker decides is in the decisions topic."""

    def append(self, lines: bytes) -> None:
        """Keep nothing."""


class TopicLog(DecisionLog):
    """Counts decisions as logged that go to the decisions topic, which is their log; no line is made twice."""

    async def write(self, decided: DecidedBatch) -> None:
        """Nothing takes time here."""

    def commit(self, decided: DecidedBatch) -> None:
        """Count ``decided``."""
        self.count(len(decided.score), written=True)

    def flush(self) -> None:
        """Nothing was put off."""


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker runs and tells of."""

    pipeline: Pipeline
    telemetry: Telemetry
    journal: Journal
    faults: FaultSchedule
    serving: Serving
    slot: ModelSlot


def compose_worker(
    scenario: Scenario,
    artifact: Artifact,
    ends: WorkerEnds,
    slot: ModelSlot,
    telemetry: Telemetry,
    clock: Clock,
    *,
    by_hand: bool = False,
) -> WorkerParts:
    """Return the parts for a worker; nothing moves yet.

    Faults are those of the scenario that strike in workers; more may come where the run is changed ``by_hand``. There
    is no history: whoever refreshes batch features has it from the stream.
    """
    journal, settings, work = Journal(clock), scenario.pipeline, RealWork()
    targets = FaultTargets()
    open_run = OpenRun() if by_hand else None
    faults = FaultSchedule(in_workers(scenario.faults), clock, journal, scenario.seed, targets, open_run)
    verification = ChildVerification(settings.scorer.engine)
    serving = serve(slot, artifact, verification, faults, telemetry, journal, work)
    targets.model_changes = serving.changes
    around = Surroundings(
        source=ends.source,
        assembly=FeatureAssembly(artifact.feature_names),
        stream=ends.stream,
        store=faults.wrap_feature_store(ends.store),
        history=None,
        scoring=serving.scoring,
        digest_of=slot.digests.__getitem__,
        sink=ends.sink,
        output=NoFile(),
        dead_letters=ends.dead_letters,
        clock=clock,
        telemetry=telemetry,
        log=TopicLog,
        hooks=faults.wrap_hooks(Hooks()),
        work=faults.wrap_work(work),
        on_restart=journal.note_restart,
        on_duplicates=ends.on_duplicates,
        remembered=ends.remembered,
        own_ids=ends.own_ids,
    )
    pipeline = Pipeline(settings, around)
    faults.attach(pipeline)
    return WorkerParts(pipeline, telemetry, journal, faults, serving, slot)
