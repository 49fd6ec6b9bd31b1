"""From a request on the command line to a run that is produced here and decided elsewhere, and its exit code."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.telemetry.telemetry import Telemetry
from dashboard.frame import Notice
from sim.clocks.event_loop import loop_factory, run_interruptibly
from sim.coordinator.producer_lifecycle import NoTruths, ProducerLifecycle, Say, journal_line
from sim.coordinator.producer_parts import NoLedger, compose_producer
from sim.coordinator.request import StreamPlace
from sim.coordinator.stream_workers import StreamRequest, StreamWorkers, new_run
from sim.journal import Journal, JournalEntry
from sim.run.command import Request, planned, shorten
from sim.run.machine import real_machine
from sim.run.plan import Plan
from sim.scenario.loader import load, placing
from sim.scenario.pipeline import mapped_source
from sim.scenario.problems import LateProblemError
from sim.scenario.scenario import Scenario
from sim.signals import drained_by


def produce_scenario(
    request: Request, stream_of: Callable[[Scenario], StreamRequest], show: Callable[[Notice], None], say: Say
) -> int:
    """Produce what is asked for and return the exit code.

    Args:
        request: the scenario, its model, and what is changed of it.
        stream_of: given the scenario, returns where its workers are.
        show: told what takes its time before the run.
        say: told how the run goes.

    Raises:
        InputError: something of the request cannot be used, or no worker comes; nothing was sent.
        MachineError: a server does not answer.
        TrainingRefused: a model had to be trained and missed its gates.
    """
    with placing(request.scenario, request.overrides), TemporaryDirectory(prefix="riskdrill-") as folder:
        scenario = load(request.scenario, request.overrides, needs_model=request.model is None)
        if mapped_source(scenario.pipeline) is not None:
            rule = "cannot be produced: its transactions are messages that others write"
            raise LateProblemError("pipeline.source.columns", rule, "", "let `run` decide them, or remove columns")
        place = StreamPlace(stream_of(scenario))
        plan = planned(shorten(scenario, request.duration), request, place, Path(folder), show, told=True)
        for line in (*plan.warnings, *_not_applied(plan)):
            say(line)
        return run_interruptibly(loop_factory(), partial(_produce, plan, place.request, show, say))


def _not_applied(plan: Plan) -> Iterator[str]:
    """Yield a line for each part of a scenario that only a run has which judges."""
    scenario = plan.scenario
    if scenario.expect:
        yield f"not applied: expect ({len(scenario.expect)}); what is only produced is not judged, `run` does that"
    if scenario.alerts:
        yield f"not applied: alerts ({len(scenario.alerts)}); `run` has them"
    waiting = [step.name for step in scenario.steps if step.awaits is not None]
    if waiting:
        yield f"not applied: steps that wait for an alert ({', '.join(waiting)}); `run` has alerts"
    if plan.cut is not None and plan.cut.skipped:
        yield f"skipped: {', '.join(plan.cut.skipped)}"


async def _produce(plan: Plan, request: StreamRequest, show: Callable[[Notice], None], say: Say) -> int:
    machine, loop = real_machine(plan), asyncio.get_running_loop()
    try:

        def tell(entry: JournalEntry) -> None:
            say(journal_line(entry))

        journal = Journal(machine.clock, tell)
        telemetry = Telemetry(plan.artifact.reference, machine.clock.now_ns())
        workers = StreamWorkers(request, new_run(), machine.clock, show)
        own = await compose_producer(workers, plan, machine, journal, telemetry, NoTruths(), NoLedger())
        places = request.places
        say(f"run {workers.run} is announced on {places.stream.url}, its batch features are at {places.store.url}")
        await workers.gather(own.group, plan.artifact.folder)
        lifecycle = ProducerLifecycle(plan, own, workers, telemetry, journal, machine.clock, say)
        with drained_by(partial(loop.call_soon_threadsafe, lifecycle.interrupt)):
            code = await lifecycle.run()
        for line in machine.losses():
            say(line)
        return code
    finally:
        machine.close()
