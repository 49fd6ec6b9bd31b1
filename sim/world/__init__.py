"""The synthetic world: who pays where, when, with what, who cheats.

A *town* of cards and merchants (``spec``, ``cities``, ``categories``, ``merchants``, ``cards``, ``rhythm``, ``trips``,
``devices``, ``town``) makes single ``purchases`` at ``places``, and ``episodes`` that unfold over minutes or weeks:
``habits`` and ``fraud``, as often as ``mix`` says, planned ahead by an ``agenda``. ``history`` is its past, for
training.

A run has ``phases`` of load. They set the ``intensity`` of ``arrivals``, and through the ``pool`` how many copies of
the town are active: the ``crowd`` whose transactions are the ``traffic``. A ``feed`` hands over its blocks
(``block``); a ``process_feed`` has them made ahead of time by a ``generator`` in a ``traffic_process``, and gets them
as ``frames`` on a pipe.

Inside, transactions are ``rows`` of numbers; ``encode`` gives them ``names``. All chance comes from named ``streams``
and from ``mixing`` keys.
"""
