"""How a worker becomes part of a run: it hears of one, checks that it computes the same, asks, and is admitted."""

import asyncio
import os
import secrets  # noqa: TID251 - a name that no other process has is no chance of a run
import socket
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from actors.core.errors import InputError
from actors.model.artifact import MANIFEST_FILE, Artifact, load_artifact
from actors.model.integrity import readable
from actors.model.manifest import SHORT_DIGEST, read_manifest
from sim.report.provenance import versions
from sim.run.model_choice import cached_folder, source_of
from sim.scenario.scenario import Scenario
from sim.stream.control_link import ControlLink
from sim.stream.control_messages import Admit, Announce, Join, Refused
from sim.training.cache import code_digest, is_model

ASKED_EVERY_S: Final = 0.3
PATIENCE_S: Final = 4.0  # a process that was killed holds its slot for `SLOT_HELD_S`, and another may be as late


class JoinRefusedError(InputError):
    """A worker is not taken: it would compute something else, or another process is what it wants to be."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which process a worker is.

    Attributes:
        process: names it and no other, also none that had its slot before.
        worker: its name for people.
        slot: its static membership; None without one.
    """

    process: str
    worker: str
    slot: str | None

    @staticmethod
    def new(slot: str | None) -> "Identity":
        """Return that of this process."""
        process = secrets.token_hex(6)
        return Identity(process, slot or f"w-{process[:4]}", slot)


def own_version() -> str:
    """Return the version of riskdrill."""
    return versions().get("riskdrill", "not installed")


def kernel_digest() -> str:
    """Return the digest of the code that computes features: two programs with one digest compute the same."""
    return code_digest()


async def announced(link: ControlLink, run: str | None, over: Collection[str]) -> Announce:
    """Return the announcement of the run called ``run``, or of any; those in ``over`` are passed over."""
    while True:
        message = await link.receive()
        if isinstance(message, Announce) and message.run not in over and run in (None, message.run):
            return message


def model_for(announce: Announce, scenario: Scenario, given: Path | None) -> Artifact:
    """Return the model of the run, loaded here; the run has proved it in a process of its own.

    Args:
        announce: of the run.
        scenario: of the run.
        given: the folder that the command line names; None looks where the run has it, then in the cache.

    Raises:
        JoinRefusedError: no folder here has that model.
        ArtifactError: the folder cannot be used.
    """
    folder = given or _found(announce, scenario)
    place = folder / MANIFEST_FILE
    with readable(place):
        manifest = read_manifest(place)
    if manifest.sha256 != announce.model:
        text = f"must hold model {_short(announce.model)}, with which run {announce.run} began"
        raise JoinRefusedError(f"{folder}: {text}, and holds {manifest.digest}; name that model's folder with --model")
    return load_artifact(folder, seen=announce.model).served_by(scenario.pipeline.scorer.engine)


def _found(announce: Announce, scenario: Scenario) -> Path:
    folders = [Path(announce.model_folder)]
    if scenario.events is None:
        folders.append(cached_folder(source_of(scenario)))
    for folder in folders:
        if is_model(folder):
            return folder
    raise JoinRefusedError(
        f"model {_short(announce.model)} of run {announce.run}: must be on this machine, and is not in {folders[-1]};"
        " copy its folder here and name it with --model"
    )


def check_same(announce: Announce) -> None:
    """Check that this program computes what the run's other workers compute.

    Raises:
        JoinRefusedError: it does not, or may not.
    """
    here, there = (own_version(), kernel_digest()), (announce.version, announce.kernels)
    if here != there:
        ours, theirs = (f"{version} with kernels {kernels}" for version, kernels in (here, there))
        raise JoinRefusedError(
            f"this worker is riskdrill {ours}, and run {announce.run} has {theirs}:"
            " all workers must compute the same features; install the same version everywhere"
        )


async def join(link: ControlLink, identity: Identity, announce: Announce, artifact: Artifact) -> Admit:
    """Ask to take part in a run, and return the answer once admitted.

    Raises:
        JoinRefusedError: the run does not want this worker, or does not answer.
    """
    asking = Join(
        run=announce.run,
        process=identity.process,
        worker=identity.worker,
        slot=identity.slot,
        pid=os.getpid(),
        host=socket.gethostname(),
        model=artifact.manifest.sha256,
        kernels=kernel_digest(),
        version=own_version(),
    )
    why = f"run {announce.run} does not answer; see whether it still goes on"
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                link.send(asking)
                answer = await _answer(link, identity)
                if isinstance(answer, Admit):
                    return answer
                if answer is not None:
                    why = answer.why
                    if not answer.for_now:
                        break
                    await asyncio.sleep(ASKED_EVERY_S)
    except TimeoutError:
        pass
    raise JoinRefusedError(f"worker {identity.worker} is refused: {why}")


async def _answer(link: ControlLink, identity: Identity) -> Admit | Refused | None:
    """Return the run's answer, None if there was none within a moment."""
    try:
        async with asyncio.timeout(ASKED_EVERY_S):
            while True:
                message = await link.receive()
                if isinstance(message, Admit | Refused) and message.process == identity.process:
                    return message
    except TimeoutError:
        return None


def _short(digest: str) -> str:
    return digest[:SHORT_DIGEST]
