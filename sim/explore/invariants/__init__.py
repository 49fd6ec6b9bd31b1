"""What must hold in every run, whatever fails: a mechanism that promises something adds its invariant here.

- `evidence`: what an invariant looks at, and what it is.
- `decided_once`, `card_order`, `deadline`, `faults_lifted`, `ledger`: one invariant each.
- `registry`: all of them by name.
"""
