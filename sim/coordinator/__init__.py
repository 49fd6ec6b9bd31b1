"""The process of a run whose pipeline are workers: it makes the transactions, keeps the ledger, and judges."""
