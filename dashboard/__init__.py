"""The live screen: draws frozen frames in a process of its own, and is only ever a reader.

`sim` fills a `Frame` and hands it to `Screen`; nothing here knows an actor, a fault or a clock.
"""
