"""Every invariant, by its name in reports."""

from sim.explore.invariants.card_order import card_order
from sim.explore.invariants.deadline import deadline
from sim.explore.invariants.decided_once import decided_once
from sim.explore.invariants.evidence import Invariant
from sim.explore.invariants.faults_lifted import faults_lifted
from sim.explore.invariants.ledger import ledger

INVARIANTS: dict[str, Invariant] = {
    "ledger": ledger,
    "decided-once": decided_once,
    "card-order": card_order,
    "deadline": deadline,
    "faults-lifted": faults_lifted,
}
