"""Apache Kafka on this machine: one broker that is its own controller, from an installation or from Maven's jars."""

import base64
import fcntl
import os
import re
import shutil
import time
from pathlib import Path
from typing import BinaryIO, Final

from actors.core.errors import MachineError
from actors.core.user_cache import NO_CACHE, user_cache
from sim.servers.process import LOOPBACK, QUIET, KnownProcess, Note, Vigil, forget, free_port, start

VERSION: Final = "4.1.1"
LOGGING: Final = "2.24.3"
PATIENCE_S: Final = 90.0
STOPS_S: Final = 30.0  # a broker that is asked to end writes its state; one that is killed takes longer to come back
INSTALL: Final = "apt-get install default-jre-headless maven"
FETCHED: Final = re.compile(r"Downloaded from .*\(([\d.]+) (B|kB|MB)\b")
UNITS: Final = {"B": 1e-6, "kB": 1e-3, "MB": 1.0}
# A broker of a first look lives for minutes, beside all else on a small machine. Java's second compiler and a collector
# with threads of its own are not paid back so soon: without them it takes a third to two thirds less processor time.
JAVA: Final = ("-Xms256m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
JARS: Final = f"""<project><modelVersion>4.0.0</modelVersion>
<groupId>riskdrill</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>{LOGGING}</version>
</dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>{LOGGING}</version>
</dependency>
</dependencies></project>
"""
LOG4J: Final = """rootLogger.level=warn
rootLogger.appenderRef.file.ref=FILE
appender.file.type=RollingFile
appender.file.name=FILE
appender.file.fileName={folder}/kafka.log
appender.file.filePattern={folder}/kafka.log.%i
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%d %p %c %m%n
appender.file.policies.type=Policies
appender.file.policies.size.type=SizeBasedTriggeringPolicy
appender.file.policies.size.size=5MB
appender.file.strategy.type=DefaultRolloverStrategy
appender.file.strategy.max=2
"""
# One broker has no others to copy to. Open transactions of dead workers hide decisions, so they are looked for often.
# A broker that was killed is not let in again before its session is over, 9 s by default; and one that does not get a
# processor for as long is shut out, and tells clients that there is no broker.
PROPERTIES: Final = """process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
num.partitions=6
log.retention.hours=24
log.retention.bytes=1073741824
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=500
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
"""


def find_jars() -> Path | None:
    """Return the folder of Kafka's jars: that of ``KAFKA_HOME``, of the path, or the fetched one; None without any."""
    homes = [Path(os.environ["KAFKA_HOME"])] if os.environ.get("KAFKA_HOME") else []
    if script := shutil.which("kafka-server-start.sh"):
        homes.append(Path(script).resolve().parents[1])
    folders = [home / "libs" for home in homes]
    if (cache := user_cache()) is not None:
        folders.append(_fetched(cache))
    return next((folder for folder in folders if any(folder.glob("kafka_2.13-*.jar"))), None)


def _fetched(cache: Path) -> Path:
    return cache / f"kafka-{VERSION}" / "libs"


def fetch_jars(vigil: Vigil = QUIET) -> Path:
    """Return the folder of Kafka's jars, which Maven fetches into the user's cache (43 MB) if there are none yet.

    One process fetches them at a time; the others wait for it.

    Raises:
        MachineError: Maven is not there, or could not fetch them.
    """
    there = find_jars()
    if there is not None:
        return there
    maven, cache = shutil.which("mvn"), user_cache()
    if maven is None:
        raise MachineError(f"neither Kafka nor Maven, which could fetch it, is on the path; install it: {INSTALL}")
    if cache is None:
        raise MachineError(f"Kafka's jars can be kept nowhere: {NO_CACHE}; set one of them, or KAFKA_HOME")
    libs = _fetched(cache)
    libs.parent.mkdir(parents=True, exist_ok=True)
    with (libs.parent / "lock").open("wb") as lock:
        _wait_for(lock, vigil)
        if find_jars() is None:
            _fetch(maven, libs, vigil)
    return libs


def _wait_for(lock: BinaryIO, vigil: Vigil) -> None:
    """Take ``lock``, once nobody else has it; it goes with the process that has it."""
    began_s = time.monotonic()
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            vigil.step("another process fetches Kafka; waiting for it", began_s)
        else:
            return


def _fetch(maven: str, libs: Path, vigil: Vigil) -> None:
    half, log, project = libs.with_name("libs.half"), libs.with_name("maven.log"), libs.with_name("pom.xml")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    project.write_text(JARS, encoding="utf-8")
    wanted = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={half}")
    code = vigil.until_done([maven, "-B", "-f", str(project), *wanted], log, lambda: _progress(log))
    if code:
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()
        why = next((line for line in said if "ERROR" in line), "it does not say why")
        raise MachineError(f"Maven cannot fetch Kafka {VERSION}: {why}; all of it is in {log}")
    half.rename(libs)


def _progress(log: Path) -> str:
    """Return how far Maven has come, as its log says."""
    sizes = FETCHED.findall(log.read_text(encoding="utf-8", errors="replace"))
    fetched = sum(float(number) * UNITS[unit] for number, unit in sizes)
    return f"still fetching Kafka: {len(sizes)} files, {fetched:.0f} MB"


def java_program() -> str:
    """Return the path of Java.

    Raises:
        MachineError: it is not installed.
    """
    found = shutil.which("java")
    if found is None:
        raise MachineError(f"java is not on the path; install it: {INSTALL}")
    return found


def start_kafka(folder: Path, port: int, vigil: Vigil = QUIET, note: Note = forget) -> KnownProcess:
    """Start a broker with its data in ``folder``, and return once it takes connections.

    Args:
        folder: of its own; made if need be.
        port: where it listens, on loopback.
        vigil, note: see `sim.servers.process.start`.

    Raises:
        MachineError: something is not installed, or it does not start.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    java, jars = java_program(), fetch_jars(vigil)
    settings = PROPERTIES.format(host=LOOPBACK, port=port, controller=free_port(), folder=folder)
    (folder / "server.properties").write_text(settings, encoding="utf-8")
    (folder / "log4j2.properties").write_text(LOG4J.format(folder=folder), encoding="utf-8")
    logged = (f"-Dlog4j2.configurationFile={folder}/log4j2.properties", f"-Dkafka.logs.dir={folder}")
    program = [java, *JAVA, *logged, "-cp", f"{jars}/*"]
    if not (folder / "data" / "meta.properties").exists():
        _format(program, folder, vigil)
    command = [*program, "kafka.Kafka", str(folder / "server.properties")]
    return start(command, port, output(folder), PATIENCE_S, vigil, note)


def output(folder: Path) -> Path:
    """Return the file of what a broker says, with its data in ``folder``."""
    return folder / "kafka.out"


def _format(program: list[str], folder: Path, vigil: Vigil) -> None:
    """Make the data folder a broker's."""
    said = output(folder)
    cluster = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=").replace("-", "_")
    words = ["format", "--standalone", "-t", cluster, "-c", str(folder / "server.properties")]
    code = vigil.until_done(
        [*program, "kafka.tools.StorageTool", *words], said, lambda: "still preparing Kafka's folder"
    )
    if code:
        why = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise MachineError(f"Kafka cannot use {folder}: {' '.join(why)}")
