"""Every fault is lifted, and once lifted it touches nothing more."""

from sim.explore.invariants.evidence import Evidence
from sim.faults.fault import LastingFault


def faults_lifted(run: Evidence) -> str:
    """Return what breaks the rule."""
    lasting = {each.name for each in run.scenario.faults if isinstance(each, LastingFault)}
    for fault in run.summary.faults:
        if fault.state == "injected" and fault.name in lasting:
            return f"{fault.name} is still in after the run"
        first, lifted = fault.first_effect_at_s, fault.lifted_at_s
        if first is not None and lifted is not None and first > lifted:
            return f"{fault.name} was lifted at {lifted:g} s and had its first effect at {first:g} s"
    return ""
