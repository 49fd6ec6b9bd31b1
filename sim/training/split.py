"""Periods: what a model is fitted on and what, always later, it is judged on."""

from dataclasses import dataclass

from sim.events.spec import Period


@dataclass(frozen=True, slots=True)
class Split:
    """The periods that training uses; all lie after the history that only fills windows.

    Attributes:
        train: what trees are fitted on.
        validation: what rules are tuned on, later than ``train`` or the same where there is nothing between.
        test: what gates look at, later than both.
        reference: what drift is measured against: the newest rows with full windows.
    """

    train: Period
    validation: Period
    test: Period
    reference: Period
