"""The command line: which commands there are, and the one line that tells what ended one."""

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from inspect import getdoc
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.core.errors import InputError, OutputError, RiskdrillError
from actors.core.process_failures import LEAST_BYTES, RUN_BYTES, check_limits, lack_of
from sim.commands.alerts import alerts
from sim.commands.calibrate import calibrate
from sim.commands.catalogue import faults, metrics
from sim.commands.compare import check_determinism, twin
from sim.commands.console import tell_error
from sim.commands.drill import drill
from sim.commands.explore import explore
from sim.commands.export import export
from sim.commands.inspect import inspect
from sim.commands.models import rollback, train
from sim.commands.report import compare, open_page, report
from sim.commands.run import demo, run
from sim.commands.scenarios import list_scenarios, schema, validate
from sim.commands.servers import down, up
from sim.commands.stream import produce, refresh, worker
from sim.exit_codes import FAILED, INTERNAL, INTERRUPTED, PASS, USAGE
from sim.installation import MODULE, PROGRAM
from sim.training.progress import TrainingRefused

DEBUG = "--debug"
HELP = ["--help"]  # what is run without any arguments
RUNNING = frozenset(  # commands that load the pipeline, and with it all its libraries
    {
        "alerts",
        "calibrate",
        "check-determinism",
        "demo",
        "drill",
        "explore",
        "produce",
        "run",
        "train",
        "twin",
        "worker",
    }
)

# What typer raises for a wrong command line. Newer typer brings its own click, older ones use click's, so the class is
# taken from typer's own error.
ClickError: type[Exception] = typer.BadParameter.__mro__[2]

app = typer.Typer(
    help=(
        "Runs an online fraud-scoring pipeline and breaks it on purpose.\n\n"
        "A scenario file says how much load arrives, what fails and what must hold; a run ends with a verdict.\n\n"
        f"Start with: {PROGRAM} run burst"
    ),
    epilog=(
        "Exit codes: 0 pass, 99 fail, 3 inconclusive, 2 wrong usage or input, 1 internal error, 130 interrupted, "
        "75 a worker to be started again, 66 one whose transactions are gone. "
        f"{DEBUG} anywhere shows the trace of an error."
    ),
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the help is text; rich costs 0.1 s of a start that must be quick
)


def version_text() -> str:
    """Return the version with the commit, then libraries and machine; none of the libraries is imported for it."""
    from sim.report.provenance import git_commit, versions

    libraries = versions()
    own, commit = libraries.pop("riskdrill", "not installed"), git_commit()
    parts = [f"{name} {number}" for name, number in libraries.items()]
    machine = [platform.platform(), f"{os.cpu_count() or 1} processors", f"output in {sys.stdout.encoding}"]
    return "\n".join(
        [f"riskdrill {own}{'' if commit is None else f' (commit {commit})'}", ", ".join(parts), ", ".join(machine)]
    )


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - an option's callback gets its value so
    if wanted:
        typer.echo(version_text())
        raise typer.Exit


def program(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version, the libraries and the machine.", callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


app.callback()(program)
COMMANDS: dict[str, Callable[..., int]] = {
    "run": run,
    "drill": drill,
    "report": report,
    "open": open_page,
    "compare": compare,
    "rollback": rollback,
    "train": train,
    "validate": validate,
    "inspect": inspect,
    "list": list_scenarios,
    "metrics": metrics,
    "faults": faults,
    "schema": schema,
    "demo": demo,
    "calibrate": calibrate,
    "check-determinism": check_determinism,
    "twin": twin,
    "explore": explore,
    "alerts": alerts,
    "export": export,
    "produce": produce,
    "worker": worker,
    "up": up,
    "down": down,
    "refresh": refresh,
}
for _name, _command in COMMANDS.items():
    _help = (getdoc(_command) or "").replace(MODULE, PROGRAM)
    app.command(_name, help=_help, short_help=_help.partition("\n\n")[0])(_command)  # whole in the list of commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` (by default those of the process) name; return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in given
    words = [word for word in given if word != DEBUG] or HELP
    try:
        return _exit_code(_invoke(words))
    except typer.Exit as done:  # --help, --version
        return done.exit_code
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("interrupted", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: a short line and a file, never a trace
        return _ended_by(error, debug=debug)


def _invoke(words: list[str]) -> object:
    """Return what the command returns. Not by its ``main``, which takes Ctrl-C and broken pipes for its own."""
    command = typer.main.get_command(app)
    least_bytes = RUN_BYTES if RUNNING.intersection(words[:1]) else LEAST_BYTES  # before click takes the words apart
    with command.make_context(PROGRAM, words) as context:
        check_limits(least_bytes)
        return command.invoke(context)


def _exit_code(result: Any) -> int:  # noqa: ANN401 - whatever a command returned
    return result if isinstance(result, int) else PASS


def _wrong_usage(error: Exception) -> str:
    """Return what is wrong with a command line, and where the right one is told."""
    message = getattr(error, "message", str(error)).strip().rstrip(".")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else PROGRAM
    text = error.format_message() if hasattr(error, "format_message") else message
    return f"{' '.join(str(text).split()).rstrip('.')}; see {command} --help"


def _ended_by(error: Exception, *, debug: bool) -> int:
    """Tell in a line what ended a command; return its exit code."""
    if debug:
        traceback.print_exception(error)
    lack = lack_of(error)
    if isinstance(error, OutputError) or not lack:  # an OutputError says more of a full disk: what was to go there
        if isinstance(error, (ClickError, InputError, TrainingRefused)):
            return _refuse(error)
        return _internal(error, debug=debug)
    tell_error(lack)
    return USAGE


def _refuse(error: Exception) -> int:
    tell_error(_wrong_usage(error) if isinstance(error, ClickError) else str(error))
    return FAILED if isinstance(error, TrainingRefused) else USAGE


def _in_a_line(error: Exception) -> str:
    """Return the text of ``error``; one that was not written for people gets its class's name before it, and is cut."""
    text = " ".join(str(error).split())
    return text if isinstance(error, RiskdrillError) else f"{type(error).__name__}: {text[:200]}"


def _internal(error: Exception, *, debug: bool) -> int:
    if not debug:
        tell_error(f"internal error: {_in_a_line(error)}; {_kept_trace(error)}{DEBUG} shows it")
    return INTERNAL


def _kept_trace(error: Exception) -> str:
    """Write the trace of ``error`` to a file; return where it is, for a sentence, "" if it can be kept nowhere."""
    try:
        with tempfile.NamedTemporaryFile("w", prefix="riskdrill-", suffix=".trace", delete=False) as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return ""
    return f"the trace is in {Path(file.name)}; "
