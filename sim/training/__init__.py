"""From history to a model folder that may serve.

A source yields history in time order; it is replayed through the assembler's own feature code into a table; LightGBM is
fitted on its earlier rows and judged on its later ones; gates refuse a model that is not good enough.

- `progress`: telling whoever waits how far it is.
- `source`: where history comes from: the synthetic world, or a file of transactions.
- `table`, `split`: rows of features with labels and times; the periods to fit on and, always later, to judge on.
- `replay`: history through the feature code, and the warm state that is left at its end.
- `record`: the table of a source, from all of its history replayed.
- `tier_dropout`: rows that lose their batch tier, so that the model has seen such rows.
- `fit`: LightGBM, deterministic.
- `metrics`: how good scores are.
- `rule_tuning`: the limits of the `rules` rung.
- `refusal`: the error that says which gates were missed.
- `recipe`: everything a trained model depends on, and the key made of it.
- `trainer`: all of it in order; `child`: the same in a process of its own, so that a run stays small.
- `cache`: model folders by key, seen whole or not at all.
"""
