"""The commands of the command line, one a file. Each returns its exit code; `sim.cli` says what the codes mean.

- `run`: runs a scenario.
- `rollback`: lets a run return to the model before the last release.
- `train`: trains a model.
- `demo`: a thousand transactions, once through.
- `validate`: checks scenario files.
- `inspect`: looks at a file of transactions.
- `list_scenarios`: lists them with their hypotheses.
- `metrics`, `faults`: list what can be measured and what can be made to fail; `entries`: how such a list is set.
- `schema`: prints the JSON Schema of a scenario or of a summary.
- `check_determinism`: runs a scenario twice and compares every byte.
- `calibrate`: measures what each job costs on this machine.
- `twin`: runs it with and without its faults, and says what they caused.
- `explore`: runs it many times, each time otherwise, and looks for what breaks.
- `version`: what `--version` shows.
- `options`, `notices`: the options that commands share; what commands without a screen say.
- `bar`: a progress bar a stage.
- `found`: the scenario files that a command's arguments lead to.
"""
