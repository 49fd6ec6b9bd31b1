"""From history to a model folder that may serve.

A source yields history in time order; it is replayed through the assembler's own feature code into a table; LightGBM is
fitted on its earlier rows and judged on its later ones; gates refuse a model that is not good enough.
"""
