"""Where faults find what they reach into that is no port: the processor, the world, the running pipeline."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actors.work import RealWork, Work

if TYPE_CHECKING:  # a scenario is read before LightGBM is imported
    from actors.pipeline import Pipeline
    from sim.steps.model_desk import ModelDesk
    from sim.world.traffic import TrafficSpec


@dataclass(slots=True)
class Site:
    """What a run's faults may reach into.

    Attributes:
        work: lets the time of computing pass; a `Processor` on virtual time.
        traffic: what the synthetic transactions are made from; None in a replay.
        pipeline: the running one, once it is made.
        recount: has what is due counted anew, after a fault that changes it was over before its time.
        desk: where the serving model is changed, once it is made.
    """

    work: Work = field(default_factory=RealWork)
    traffic: "TrafficSpec | None" = None
    pipeline: "Pipeline | None" = None
    recount: Callable[[], None] = lambda: None
    desk: "ModelDesk | None" = None

    def releasing(self) -> "ModelDesk":
        """Return the desk.

        Raises:
            AssertionError: it is not made yet.
        """
        if self.desk is None:
            raise AssertionError("no fault releases a model before there is a desk")
        return self.desk

    def running(self) -> "Pipeline":
        """Return the pipeline.

        Raises:
            AssertionError: it is not made yet.
        """
        if self.pipeline is None:
            raise AssertionError("no fault reaches into the pipeline before it is made")
        return self.pipeline
