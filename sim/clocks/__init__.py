"""Two ways for time to pass, behind the same `Clock` port.

- `real`: real time on uvloop, or on asyncio where there is none.
- `virtual_loop`: an event loop whose time jumps from timer to timer: deterministic, and as fast as the work.
- `virtual_clock`: the `Clock` port on that loop.
- `costs`, `cpu`: what each job costs there; the processor as two cores. `noise`: how that may vary.
- `verification`: a candidate's verification, which takes a second there.
- `calibration`: the costs of one machine, measured, beside the model.
- `look_up`: how long look-ups take.
- `stuck`: when virtual time cannot go on: the errors, and who was waiting for what.
"""
