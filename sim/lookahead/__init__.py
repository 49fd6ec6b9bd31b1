"""Lookahead: speculative execution of a run on virtual time, whose work is done in blocks before the actors ask for it.

Computing takes no virtual time, so when it is done makes no difference to a run; but a block of transactions costs a
tenth of what its transactions cost alone. The actors are the same: what they read, look up, assemble and score through
their ports is there already if they ask in the expected order, and is computed when they ask if they do not (a
duplicate, a crash, a fault). The outcome is the same to the last bit.
"""
