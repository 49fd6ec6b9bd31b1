"""The commands that need no model."""

import ast
import re
import tempfile
from pathlib import Path

import msgspec
import pytest
import typer

import sim.cli
from sim.cli import app, main
from sim.scenario.json_schema import schema
from tests.support.repository import PACKAGES, ROOT, run_python
from tests.support.sim.scenario_texts import EXAMPLE, REPLAY, SHORT

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Return a folder with one valid scenario."""
    (tmp_path / "good.yaml").write_text(EXAMPLE)
    return tmp_path


def test_valid_scenarios_are_confirmed(good: Path, capsys: Capture) -> None:
    """A folder stands for the scenarios in it; external data may be absent, and that is said."""
    (good / "replay.yaml").write_text(REPLAY)
    assert main(["validate", str(good)]) == 0
    drill, replay = capsys.readouterr().out.splitlines()
    assert drill.startswith(f"{good}/good.yaml: valid; takes 1 min")
    assert replay == f"{good}/replay.yaml: valid (data not here: {good}/nowhere.parquet)"


def test_every_problem_of_every_file_is_printed(good: Path, capsys: Capture) -> None:
    """One bad file does not hide another, nor the good one."""
    (good / "bad.yaml").write_text(EXAMPLE.replace("seed: 7", "sed: 7").replace("clock: real", "clock: unreal"))
    (good / "worse.yaml").write_text("[")
    assert main(["validate", str(good)]) == 2
    found = capsys.readouterr()
    assert [line.split(": ")[0].removeprefix(f"{good}/") for line in found.err.splitlines()] == [
        "bad.yaml:4:1",
        "bad.yaml:5:8",
        "worse.yaml:1:2",
    ]
    assert found.out.startswith(f"{good}/good.yaml: valid; ")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("kind: reporter_crash, at: 1s", "is not a known kind, got reporter_crash; did you mean"),
        ("kind: model_slow, at: 1h, duration: 1s", "must be before the end of the run"),
        ("kind: model_slow, at: 1s, duration: 5s, repeat: {count: 2, every: 2s}", "would overlap itself"),
        ("kind: model_slow, at: 1s, duration: 5s, probability: 1.5", "must be at most 1, got 1.5"),
        ("kind: model_slow, at: 1s, duration: -5s", "must be at least 0s, got -5s"),
    ],
)
def test_fault_that_cannot_be_ends_with_code_2(good: Path, capsys: Capture, fault: str, words: str) -> None:
    """Each is one located line."""
    (good / "bad.yaml").write_text(f"{SHORT}faults: [{{name: it, {fault}}}]\n")
    assert main(["validate", str(good / "bad.yaml")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{good}/bad.yaml:")
    assert words in line


def test_overrides_are_checked_with_the_file(good: Path, capsys: Capture) -> None:
    """``--set`` takes part in validation."""
    assert main(["validate", str(good / "good.yaml"), "--set", "seed=-1"]) == 2
    assert capsys.readouterr().err == "--set seed=-1: seed must be at least 0, got -1; change the value\n"


def test_scenarios_are_listed_with_length_and_hypothesis(good: Path, capsys: Capture) -> None:
    """A line a file; one that is not valid is listed as that, and the code says so."""
    assert main(["list", str(good)]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{good}/good.yaml  1m  With the feature store gone")
    (good / "bad.yaml").write_text("")
    assert main(["list", str(good)]) == 2
    assert "not valid: 1 problem(s)" in capsys.readouterr().out


def test_schema_is_printed_as_json(capsys: Capture) -> None:
    """What an editor needs goes to standard output, nothing else with it."""
    assert main(["schema"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out) == schema()
    assert main(["schema", "summary"]) == 0
    assert "fraud_loss" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["validate"],
        ["vlidate", "x"],
        ["validate", "--nonsense"],
        ["validate", "nowhere.yaml"],
        ["schema", "nonsense"],
        ["list", "nowhere"],
        ["list", "a", "b"],
    ],
)
def test_wrong_usage_is_one_line_and_code_2(words: list[str], capsys: Capture) -> None:
    """Whatever is wrong with a command line is said in a line, without a trace."""
    assert main(words) == 2
    found = capsys.readouterr()
    assert len(found.err.splitlines()) == 1
    assert found.out == ""


def test_help_teaches_the_commands_and_their_codes(capsys: Capture) -> None:
    """No words at all are answered with the help, which names each command and each exit code."""
    assert main([]) == 0
    text = capsys.readouterr().out
    assert [word for word in ("validate", "list", "schema", "99", "130", "--debug") if word not in text] == []


def test_internal_error_is_a_short_line_and_a_file(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours ends with 1 and says where its trace is; --debug shows it instead."""

    def broken(*_: object, **__: object) -> int:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sim.cli, "_invoke", broken)
    assert main(["list"]) == 1
    (trace,) = tmp_path.iterdir()
    assert "ZeroDivisionError: ours" in trace.read_text()
    line = capsys.readouterr().err
    assert line.startswith("internal error: ZeroDivisionError: ours; the trace is in ")
    assert str(trace) in line
    assert main(["--debug", "list"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("ending", "code"), [(KeyboardInterrupt(), 130), (typer.Abort(), 130), (typer.Exit(3), 3), (99, 99), (None, 0)]
)
def test_exit_codes_come_through(ending: object, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption is 130, and a command's own code is the program's."""
    one = typer.Typer(add_completion=False)

    def end() -> object:
        if isinstance(ending, BaseException):
            raise ending
        return ending

    one.command()(end)
    monkeypatch.setattr(sim.cli, "app", one)
    monkeypatch.setattr(sim.cli, "HELP", [])
    assert main([]) == code


def test_the_version_is_what_a_report_of_a_mistake_needs(capsys: Capture) -> None:
    """The program first, then what decides of its libraries and of the machine."""
    assert main(["--version"]) == 0
    first, libraries, machine = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"riskdrill \d+\.\d+\.\d+( \(commit .+\))?", first)
    assert re.search(r"python 3\.\d+\.\d+.*, lightgbm \d", libraries)
    assert "processors" in machine


def test_commands_are_described() -> None:
    """Every command has a help text."""
    assert [each.name for each in app.registered_commands if not (each.callback and each.callback.__doc__)] == []


def test_every_command_that_a_text_of_ours_names_is_one() -> None:
    """And it is called as the user has called the program; help is put right when it is shown."""
    named = set(sim.cli.RUNNING)
    for file in sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        source, place = file.read_text(), file.relative_to(ROOT)
        named.update(re.findall(r"(?:\{PROGRAM\}|\{MODULE\}|python -m sim) ([a-z][a-z-]+)", source))
        if place.parts[0] == "sim" and place.name not in {"installation.py", "__main__.py"}:
            nodes = list(ast.walk(ast.parse(source)))
            documentation = {each.value for each in nodes if isinstance(each, ast.Expr)}
            texts = [each.value for each in nodes if isinstance(each, ast.Constant) and each not in documentation]
            assert [text for text in texts if isinstance(text, str) and "python -m sim" in text] == [], place
    assert named - set(sim.cli.COMMANDS) <= {"is", "may"}  # words of a sentence


def test_start_up_imports_nothing_heavy() -> None:
    """The command line answers, and looks at the machine's limits, before any model or data library is imported."""
    heavy = ("lightgbm", "numba", "numpy", "polars", "sklearn", "pandas", "scipy", "joblib", "rich")
    done = run_python("-c", f"import sys, sim.cli; print([name for name in {heavy} if name in sys.modules])")
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["list"],
        ["validate", "scenarios/burst.yaml"],
        ["validate", "scenarios/burst.yaml", "--set", "pipeline.scorer.engine=compiled"],
        ["metrics"],
        ["faults"],
        ["schema", "summary"],
        ["run", "--help"],
    ],
    ids=" ".join,
)
def test_only_what_computes_imports_the_compiler(command: list[str]) -> None:
    """It costs half a second and 100 MB; whoever asks for help or checks a file waits for none of it."""
    done = run_python("-c", f"import sys; from sim.cli import main; print(main({command}), 'numba' in sys.modules)")
    assert done.stdout.splitlines()[-1] == "0 False", done.stderr
