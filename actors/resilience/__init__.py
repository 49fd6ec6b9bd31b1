"""What keeps one failure from becoming many, each piece wrapped around a port or asked by an actor.

- `breaker`: stops calling a dependency that fails, and probes it until it works again.
- `guarded_store`: a feature store behind a timeout and a breaker.
- `retrying_store`: failed look-ups tried again within a budget; `hedged_store`: slow ones asked for a second time.
- `cached_store`: what was seen last, with its true age.
- `shedding`: which transactions take the fast path, because the model would come too late for them.
- `loop_share`: how many rows may be scored on the event loop, so that a slow model holds up nobody else.
- `watchdog`: a timeout for one wait after another, with one timer for many of them; `half_run` lets it look first
  whether there is a wait at all.
"""
