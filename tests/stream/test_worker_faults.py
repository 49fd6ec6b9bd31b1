"""Faults of a worker stay in no longer than there is a run that has injected them."""

import asyncio

from actors.core.clock import NS_PER_S
from sim.faults.feature_store import FeatureStoreOutage
from sim.stream.control_messages import InjectFault, LiftFault
from sim.stream.worker_faults import LEASE_NS, CommandedFaults
from tests.support.sim.faults import CountingStore, Laboratory
from tests.support.virtual import run_virtual

RUN = "k3x9"
ANNOUNCED_NS = NS_PER_S // 2


def laboratory() -> Laboratory:
    """Return a store with an outage around it, which strikes only on command."""
    return Laboratory([FeatureStoreOutage(name="down", at=0, duration=1)], CountingStore())


def test_faults_of_a_run_that_is_gone_are_lifted_after_the_lease() -> None:
    """No sooner than the lease and at most a look later; they are named."""

    async def main() -> tuple[bool, tuple[str, ...], int, bool]:
        lab = laboratory()
        faults = CommandedFaults(lab.schedule, lab.clock)
        faults.obey(InjectFault(run=RUN, number=1, fault="down"))
        during = await lab.harmed()
        lifted = await faults.keep_lease()
        return during, lifted, lab.clock.now_ns(), await lab.harmed()

    during, lifted, at_ns, afterwards = run_virtual(main())
    assert (during, lifted, afterwards) == (True, ("down",), False)
    assert at_ns == LEASE_NS


def test_a_run_that_is_heard_of_keeps_its_faults_in() -> None:
    """Each announcement begins the lease anew."""

    async def main() -> tuple[bool, bool]:
        lab = laboratory()
        faults = CommandedFaults(lab.schedule, lab.clock)
        faults.obey(InjectFault(run=RUN, number=1, fault="down"))
        lease = asyncio.create_task(faults.keep_lease())
        for _ in range(4 * LEASE_NS // ANNOUNCED_NS):
            await lab.clock.sleep_ns(ANNOUNCED_NS)
            faults.hear()
        lasted = not lease.done()
        lease.cancel()
        return lasted, await lab.harmed()

    assert run_virtual(main()) == (True, True)


def test_a_run_that_is_back_injects_again() -> None:
    """A fault that the lease has lifted is not over for good."""

    async def main() -> list[bool]:
        lab = laboratory()
        faults = CommandedFaults(lab.schedule, lab.clock)
        faults.obey(InjectFault(run=RUN, number=1, fault="down"))
        await faults.keep_lease()
        harmed = [await lab.harmed()]
        faults.hear()
        faults.obey(InjectFault(run=RUN, number=2, fault="down"))
        harmed.append(await lab.harmed())
        faults.obey(LiftFault(run=RUN, number=3, fault="down"))
        return [*harmed, await lab.harmed()]

    assert run_virtual(main()) == [False, True, False]


def test_without_a_fault_in_nothing_is_lifted_when_the_run_is_silent() -> None:
    """Silence alone is no event."""

    async def main() -> bool:
        lab = laboratory()
        lease = asyncio.create_task(CommandedFaults(lab.schedule, lab.clock).keep_lease())
        await lab.clock.sleep_ns(10 * LEASE_NS)
        waits = not lease.done()
        lease.cancel()
        return waits

    assert run_virtual(main())
