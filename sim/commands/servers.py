"""Commands for servers on this machine: ``up`` starts Kafka and Redis for a first look, ``down`` stops them."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[
    Path | None,
    typer.Option("--dir", help="Folder of the servers' data and logs; by default one in the user's cache."),
]


def up(folder: Folder = None) -> int:
    """Start Kafka and Redis on this machine, on free ports of loopback, and tell their addresses.

    The ports are 19092 and 16379, those of the examples, unless somebody has them: then any free ones.
    They go on after this command ends, with their data in one folder; `down` stops them. What runs already is left as
    it is. Kafka comes from KAFKA_HOME, from the path, or by Maven into the user's cache.

    Needs: apt-get install redis-server default-jre-headless maven

    Exit code: 0; 2 when something is not installed or does not start, and then nothing runs that did not before.

    Example: python -m sim up
    """
    from sim.installation import PROGRAM
    from sim.servers.local_servers import default_folder
    from sim.servers.local_servers import up as start

    place = default_folder() if folder is None else folder
    servers = start(place, _say)
    typer.echo(f"Kafka  {servers.stream}\nRedis  {servers.store}\n")
    typer.echo(f"Try:   {PROGRAM} run burst --stream {servers.stream} --store {servers.store} --workers 3".encode())
    typer.echo(f"Stop:  {PROGRAM} down{'' if folder is None else f' --dir {folder}'}".encode())
    return 0


def down(
    folder: Folder = None,
    *,
    purge: Annotated[bool, typer.Option("--purge", help="Delete the folder with all data too.")] = False,
) -> int:
    """Stop the servers that `up` started; no others are touched.

    Exit code: 0; 2 when the folder has no servers of ours.

    Example: python -m sim down --purge
    """
    from sim.servers.local_servers import default_folder
    from sim.servers.local_servers import down as stop

    stop(default_folder() if folder is None else folder, _say, purge=purge)
    return 0


def _say(text: str) -> None:
    typer.echo(text, err=True)
