"""The laboratory around the pipeline: it makes the world, breaks what a scenario says, and judges what happened.

- `cli`, `__main__`, `commands`: the command line, and what its exit codes mean.
- `streams`, `signals`: where a command prints, and what ends it.
- `scenario`: the YAML file as typed, checked values; `units`, `scalars` and `time_formats`: how durations, rates,
  sizes and times are written.
- `world`, `events`: where transactions come from: a synthetic world, or a file of real ones.
- `copies`: what is known of the cards of a synthetic world that a run has not seen: the past of the training world's.
- `inspection`: a file of transactions looked at, and the section proposed that replays it.
- `tables`: files of rows, in every format, read whole or refused.
- `training`, `gates`: fit a model, and refuse it when it is not good enough.
- `first_use`: what is compiled, ready before it is called.
- `clocks`: the real and the virtual event loop.
- `foresight`: on virtual time, computes in blocks what the actors will ask for one by one.
- `calibration`: what each job costs on this machine, measured for the virtual clock.
- `faults`: what fails on purpose, and is always undone.
- `steps`: what is done on purpose without anything failing, such as the release of another model.
- `run`: one run, from a scenario to its end.
- `trials`: runs on virtual time by the dozen: `determinism`, `twin` and `explore` compare them and search among them.
- `expectations`, `verdict`, `substance`: what had to hold, how the run ended, and what that rests on.
- `money`, `ranking`, `quality`, `timeliness`: what decisions cost, how good scores were, and who was decided in time.
- `journal`, `report`: what happened, and the folder that a run leaves behind.
"""
