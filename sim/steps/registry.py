"""Every kind of step, by its name in a scenario."""

from sim.steps.model_release import ModelRelease
from sim.steps.model_rollback import ModelRollback
from sim.steps.step import Step

STEPS: dict[str, type[Step]] = {each.kind: each for each in (ModelRelease, ModelRollback)}
