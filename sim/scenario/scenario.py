"""A scenario file as types: the root with its world, phases, alerts, expectations."""

from typing import Annotated, Literal

import msgspec

from sim.faults.fault import Fault
from sim.faults.registry import FAULTS
from sim.installation import PROGRAM
from sim.scalars import Duration, FilePath, Name, RateOf, Variants, WorldSpeed
from sim.scenario.events import Events
from sim.scenario.machine import MachineSettings
from sim.scenario.pipeline import PipelineSettings
from sim.scenario.surprise import Surprise
from sim.steps.registry import STEPS
from sim.steps.step import ScenarioStep
from sim.units import NS_PER
from sim.world.phases import ARRIVALS, Arrivals, Poisson


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays where. The facts that a model is trained for; the seed is not one of them.

    Attributes:
        cards: cards in the run's pool.
        merchants: merchants in the run's pool.
        fraud_ratio: share of transactions that are fraud, 0 to 0.5.
        label_delay: event time from a transaction to its label.
        speed: event seconds for each second of the run; absent keeps each card as busy as in training.
    """

    cards: Annotated[int, msgspec.Meta(ge=100, le=10_000_000)] = 20_000
    merchants: Annotated[int, msgspec.Meta(ge=10, le=1_000_000)] = 2_000
    fraud_ratio: Annotated[float, msgspec.Meta(gt=0, le=0.5)] = 0.01
    label_delay: Duration = 12 * NS_PER["h"]
    speed: Annotated[WorldSpeed, msgspec.Meta(le=100_000)] | None = None


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the run with one kind of load.

    Attributes:
        name: unique in the scenario; expectations refer to it.
        duration: how long it lasts. Only the last phase of a replay may leave it out: it ends with the events.
        rate: transactions a second at its start, or a share such as 1.5x capacity. A replay has none.
        ramp_to: the rate at its end; absent keeps the rate.
        arrivals: how they are spaced: constant, poisson, spike, on_off, sine.
    """

    name: Name
    duration: Annotated[Duration, msgspec.Meta(gt=0)] | None = None
    rate: RateOf | None = None
    ramp_to: RateOf | None = None
    arrivals: Annotated[Arrivals, Variants(ARRIVALS, shorthand=True)] = Poisson()


class Alert(msgspec.Struct, frozen=True, kw_only=True, rename={"for_": "for"}):
    """An alert rule, in the words of Prometheus.

    Attributes:
        alert: its name, unique among all alerts.
        expr: a condition on metrics over the last 10 s.
        for_: how long the condition must hold before it fires.
        keep_firing_for: how long it stays firing after the condition has ended.
        severity: who is told.
    """

    alert: Name
    expr: str
    for_: Duration = 0
    keep_firing_for: Duration = 0
    severity: Literal["page", "ticket", "info"] = "page"


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """One promise that the run keeps or breaks. Exactly one of ``expr``, ``alert`` and ``never``.

    Attributes:
        name: unique in the scenario.
        during: a phase, a fault, a step (from there to the end), or ``always`` (the whole run, the default of a
            condition). An alert counts from the start of this span; with a single fault in the scenario it may be left
            out.
        expr: a condition on metrics over the span; a metric may name another span, as in baseline.latency.p99.
        within: settling time at the start of the span that is not measured.
        every: length of a window, 1s or more: ``expr`` must hold in each window of the span, not only over all of it.
            The last one ends with the span.
        min_samples: how many samples of each percentile in ``expr`` are enough for a pass, in place of those that leave
            ten beyond it (200 for p95, 1,000 for p99); with ``every`` in each window.
        alert: an alert, built in or of this scenario, that must fire, be resolved, or both in time.
        never: an alert that must not fire in the span; by default in the whole run.
        fires_within: the longest time from the span's start to the alert firing.
        resolves_within: the longest time from the span's end to the alert resolved.
    """

    name: Name
    during: Name | None = None
    expr: str | None = None
    within: Duration = 0
    every: Annotated[Duration, msgspec.Meta(ge=NS_PER["s"])] | None = None
    min_samples: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] | None = None
    alert: Name | None = None
    never: Name | None = None
    fires_within: Duration | None = None
    resolves_within: Duration | None = None


ALWAYS = "always"
REPLAY = Phase(name="replay")
LISTENING = Phase(name="listening")
SEEDS = 2**63  # seeds are below it: what every generator takes


OneFault = Annotated[Fault, Variants(FAULTS, listed=f"{PROGRAM} faults")]


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One experiment: how much load arrives, what fails and what must hold.

    Attributes:
        version: of this file format.
        name: of the scenario; run folders carry it.
        hypothesis: what the run is to confirm, in a sentence.
        seed: the source of all chance; another seed is another day of the same world.
        clock: real, or virtual (deterministic).
        model: folder of a trained model, relative to this file; absent uses the cached one of this world and trains it
            if there is none.
        interactive: whether it may be changed by hand at the screen while it runs.
        external: the data lies outside the repository; bulk commands skip the scenario while the file is absent.
        world: the synthetic world; not used by a replay.
        events: a file of transactions to replay instead.
        phases: the load, in order. Required unless ``events`` is given.
        pipeline: what is under test.
        machine: what it runs on when the clock is virtual; absent is this machine, as it was measured.
        faults: what fails, and when.
        surprise: further faults, which the seed draws.
        steps: what is done without anything failing, such as the release of another model, and when.
        alerts: rules added to the built-in ones.
        expect: what must hold.
        abort_on: conditions on metrics over the last 10 s, of which any that holds ends the run at once, as failed.
    """

    version: Literal[1] = 1
    name: Name
    hypothesis: str = ""
    seed: Annotated[int, msgspec.Meta(ge=0, lt=SEEDS)] = 7
    clock: Literal["real", "virtual"] = "real"
    model: FilePath | None = None
    interactive: bool = True
    external: bool = False
    world: World = World()
    events: Events | None = None
    phases: tuple[Phase, ...] = ()
    pipeline: PipelineSettings = PipelineSettings()
    machine: MachineSettings | None = None
    faults: tuple[OneFault, ...] = ()
    surprise: Surprise | None = None
    steps: tuple[Annotated[ScenarioStep, Variants(STEPS)], ...] = ()
    alerts: tuple[Alert, ...] = ()
    expect: tuple[Expectation, ...] = ()
    abort_on: tuple[str, ...] = ()
