"""Measuring what each job costs on this machine, for runs on virtual time.

One batch at a time goes through the real pipeline on the real event loop, and its time is told apart by job:

- `lockstep`: a feed that lets one batch through at a time, of sizes from one to a thousand.
- `meter`: the stopwatch, which hears of the batch through the ports that the pipeline has anyway.
- `measure`: the pipeline, the feed and the meter put together.
- `fit`: medians, and straight lines between them.
- `pace`: how much longer all that takes in a running pipeline, and how evenly.
- `calibrate`: all of it in order.
- `check`: whether the costs add up to what the pipeline can really do.
- `waiting`: whether others had the processor meanwhile.
"""
