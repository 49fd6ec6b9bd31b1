"""Lookahead: on virtual time, what actors will ask for one by one is computed in blocks, before they ask.

Computing takes no virtual time, so when it is done makes no difference to a run; but a block of transactions costs a
tenth of what its transactions cost alone. The actors are the same: what they read, look up, assemble and score through
their ports has been prepared, if things go as foreseen, and is computed then and there if they do not. The outcome is
the same to the last bit.
"""
