"""The synthetic world: who pays where, when, with what, who cheats.

A *town* of cards and merchants makes single purchases, and episodes that unfold over minutes or weeks: habits and
fraud, planned ahead by a schedule. Its history is what a model is trained on.

A run has phases of load. They set the rate of arrivals, and how many copies of the town are active, whose transactions
are the traffic. Inside, transactions are rows of numbers; they get names when they leave. All chance comes from the
named streams and the keys of `sim.chance`.
"""
