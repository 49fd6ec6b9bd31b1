"""The synthetic world: who pays where, when, with what, and who cheats.

A *town* of cards and merchants (``spec``, ``cities``, ``categories``, ``merchants``, ``cards``, ``rhythm``, ``trips``,
``town``) makes single ``purchases`` and ``episodes`` that unfold over minutes or weeks: ``habits`` and ``fraud``, as often
as ``mix`` says, planned ahead by an ``agenda``. ``history`` is its past, for training. A run draws its ``traffic`` from
copies of the town (``pool``), at instants set by ``arrivals``, and a ``feed`` makes it ahead of time in another process.
Inside, transactions are ``rows`` of numbers; ``encode`` gives them ``names``. All chance comes from named ``streams``.
"""
