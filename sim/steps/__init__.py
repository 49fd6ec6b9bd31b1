"""What is done to the pipeline on purpose, without anything failing: a kind a file.

- `step`: what a scenario says about a step, and what comes of it.
- `model_release`, `model_rollback`: another model, and the one before again.
- `registry`: kind to type.
- `bell`: rung by alerts, for steps that wait for one.
- `model_desk`: carries changes of the model out in a run, and writes them down; steps and the watched folder share it.
- `schedule`: takes all steps of a run at their instants.
"""
