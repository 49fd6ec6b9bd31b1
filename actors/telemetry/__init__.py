"""What the pipeline knows about itself: live metrics inside, frozen snapshots outside, alerts and ledger between."""
