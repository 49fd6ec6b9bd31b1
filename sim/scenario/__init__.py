"""The scenario file: a YAML experiment as typed, checked, frozen values.

A scenario says how much load arrives, what fails and what must hold. Its story in modules:

- `scenario`: the root, `Scenario`; its parts are one noun a module: `world`, `phases`, `arrivals`, `pipeline`,
  `look_up`, `machine`, `events`, `column_map`, `alerts`, `expectations` (faults live in `sim.faults`).
  How a duration or a rate is written is in `sim.units` and `sim.scalars`.
- `positions`: YAML nodes with their place; `syntax`: what is wrong with text that is not YAML.
- `overrides`: ``--set PATH=VALUE`` applied to them; `paths`: whose folder a path is relative to.
- `convert`: nodes to types, collecting every `problems.Problem` instead of stopping at the first.
- `checks`: what types cannot say: names, times, metrics, files.
- `load`: all of it in order. `render`: back to YAML, and the digest. `json_schema`: the schema of the same types.
- `shapes`: the types as plain descriptions that reader, renderer and schema share; `cut`: what ``--duration`` leaves.
- `cut`: a scenario ended early by ``--duration``, and what that leaves out.
- `fault_keys`: the keys of each fault in words, from the same schema.
- `timeline`: when phases and faults start and end, and at which instants the run must be measured.
- `pace`: how fast the events of its world pass, and what of that no run can be made from.
"""
