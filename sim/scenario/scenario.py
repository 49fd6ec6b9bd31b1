"""The root of a scenario file."""

from typing import Annotated, Literal

import msgspec

from sim.faults.fault import Fault
from sim.faults.registry import FAULTS
from sim.scalars import FilePath, Name, Variants
from sim.scenario.alerts import Alert
from sim.scenario.events import Events
from sim.scenario.expectations import Expectation
from sim.scenario.machine import Machine
from sim.scenario.phases import Phase
from sim.scenario.pipeline import Pipeline
from sim.scenario.world import World
from sim.steps.registry import STEPS
from sim.steps.step import Step

ALWAYS = "always"
REPLAY = Phase(name="replay")
SEEDS = 2**63  # seeds are below it: what every generator takes


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
        external: the data lies outside the repository; bulk commands skip the scenario while the file is absent.
        world: the synthetic world; not used by a replay.
        events: a file of transactions to replay instead.
        phases: the load, in order. Required unless ``events`` is given.
        pipeline: what is under test.
        machine: what it runs on when the clock is virtual; absent is this machine, as it was measured.
        faults: what fails, and when.
        steps: what is done without anything failing, such as the release of another model, and when.
        alerts: rules added to the built-in ones.
        expect: what must hold.
    """

    version: Literal[1] = 1
    name: Name
    hypothesis: str = ""
    seed: Annotated[int, msgspec.Meta(ge=0, lt=SEEDS)] = 7
    clock: Literal["real", "virtual"] = "real"
    model: FilePath | None = None
    external: bool = False
    world: World = World()
    events: Events | None = None
    phases: tuple[Phase, ...] = ()
    pipeline: Pipeline = Pipeline()
    machine: Machine | None = None
    faults: tuple[Annotated[Fault, Variants(FAULTS, listed="python -m sim faults")], ...] = ()
    steps: tuple[Annotated[Step, Variants(STEPS)], ...] = ()
    alerts: tuple[Alert, ...] = ()
    expect: tuple[Expectation, ...] = ()
