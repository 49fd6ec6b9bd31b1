"""Apache Kafka on this machine: one broker that is its own controller, from an installation or from Maven's jars."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from actors.core.errors import MachineError
from actors.core.user_cache import NO_CACHE, user_cache
from sim.servers.process import LOOPBACK, Known, free_port, start

VERSION: Final = "4.1.1"
LOGGING: Final = "2.24.3"
PATIENCE_S: Final = 90.0
STOPS_S: Final = 30.0  # a broker that is asked to end writes its state; one that is killed takes longer to come back
INSTALL: Final = "apt-get install default-jre-headless maven"
HEAP: Final = ("-Xms256m", "-Xmx512m")
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
# A broker that was killed is not let in again before its session is over, 9 s by default.
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
broker.session.timeout.ms=2000
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


def fetch_jars() -> Path:
    """Return the folder of Kafka's jars, which Maven fetches into the user's cache (43 MB) if there are none yet.

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
    half = libs.with_name("libs.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    (libs.parent / "pom.xml").write_text(JARS, encoding="utf-8")
    wanted = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={half}")
    command = [maven, "-q", "-B", "-f", str(libs.parent / "pom.xml"), *wanted]
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    if said.returncode:
        why = next((line for line in said.stdout.splitlines() if "ERROR" in line), "it does not say why")
        raise MachineError(f"Maven cannot fetch Kafka {VERSION}: {why}")
    half.rename(libs)
    return libs


def java_program() -> str:
    """Return the path of Java.

    Raises:
        MachineError: it is not installed.
    """
    found = shutil.which("java")
    if found is None:
        raise MachineError(f"java is not on the path; install it: {INSTALL}")
    return found


def start_kafka(folder: Path, port: int) -> Known:
    """Start a broker with its data in ``folder``, and return once it takes connections.

    Args:
        folder: of its own; made if need be.
        port: where it listens, on loopback.

    Raises:
        MachineError: something is not installed, or it does not start.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    java, jars = java_program(), fetch_jars()
    settings = PROPERTIES.format(host=LOOPBACK, port=port, controller=free_port(), folder=folder)
    (folder / "server.properties").write_text(settings, encoding="utf-8")
    (folder / "log4j2.properties").write_text(LOG4J.format(folder=folder), encoding="utf-8")
    logged = (f"-Dlog4j2.configurationFile={folder}/log4j2.properties", f"-Dkafka.logs.dir={folder}")
    program = [java, *HEAP, *logged, "-cp", f"{jars}/*"]
    if not (folder / "data" / "meta.properties").exists():
        _format(program, folder)
    command = [*program, "kafka.Kafka", str(folder / "server.properties")]
    return start(command, port, folder / "kafka.out", PATIENCE_S)


def _format(program: list[str], folder: Path) -> None:
    """Make the data folder a broker's."""
    tool = [*program, "kafka.tools.StorageTool"]
    named = subprocess.run([*tool, "random-uuid"], check=True, capture_output=True, text=True)
    words = ["format", "--standalone", "-t", named.stdout.split()[-1], "-c", str(folder / "server.properties")]
    made = subprocess.run([*tool, *words], check=False, capture_output=True, text=True)
    if made.returncode:
        why = (made.stderr or made.stdout).strip().splitlines()[-1:]
        raise MachineError(f"Kafka cannot use {folder}: {' '.join(why)}")
