"""What is known of a replay before it begins: ``validate`` tells it, and refuses what `run` would refuse."""

from pathlib import Path

import pytest

from sim.cli import main
from tests.support.sim.event_files import Row, row, write

Capture = pytest.CaptureFixture[str]
MAP = "{id: TX, event_time: WHEN, card: CUSTOMER, merchant: TERMINAL, amount: AMOUNT, fraud: FRAUD}"
SPANS = "  train: [2018-04-01, 2018-04-02]\n  test: [2018-04-04, 2018-04-05]\n"


def _day(number: int) -> str:
    return f"2018-04-{1 + number // 24:02}T{number % 24:02}:00:00"


def _rows(**values: object) -> list[Row]:
    """Return five days with a transaction an hour."""
    return [row(number, **({"WHEN": _day(number)} | values)) for number in range(5 * 24)]


def _scenario(folder: Path, rows: list[Row], more: str = SPANS) -> Path:
    write(folder / "five_days.csv", rows)
    file = folder / "five.yaml"
    file.write_text(f"name: five\nevents:\n  file: five_days.csv\n  columns: {MAP}\n{more}")
    return file


def _refusals(file: Path, capsys: Capture, *words: str) -> tuple[str, str]:
    """Return what ``validate`` and what `run` say of a scenario that both refuse."""
    out = str(file.parent / "out")
    assert main(["validate", str(file), *words]) == 2
    validated = capsys.readouterr().err
    assert main(["run", str(file), *words, "--tui", "off", "--out", out]) == 2
    assert not Path(out).exists()
    return validated, capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "more", "told"),
    [
        (_rows(), "", "five.yaml:3:3: events must have train and test, since without a model one is trained"),
        (_rows(), SPANS.splitlines()[0] + "\n", "events must have test, since"),
        (_rows(FRAUD=0), SPANS, "has no fraud in events.train, from 2018-04-01 00:00 to 2018-04-02 23:00"),
        (_rows(FRAUD=1), SPANS, "has nothing but fraud in events.train"),
        (_rows()[:72] + _rows(FRAUD=0)[72:], SPANS, "has no fraud in events.test"),
        (_rows()[:72], SPANS, "has no transaction from 2018-04-04"),
        ([*_rows()[:-1], row(119, WHEN=_day(119), AMOUNT="x")], SPANS, "row 120, column AMOUNT: "),
        ([*_rows()[:-1], row(118, WHEN=_day(119))], SPANS, "row 120, column TX: "),
    ],
)
def test_validate_refuses_what_run_refuses_in_the_same_words(
    tmp_path: Path, capsys: Capture, rows: list[Row], more: str, told: str
) -> None:
    """Whatever is wrong, in the scenario or in the last row of its file, both find it, before anything runs."""
    validated, run = _refusals(_scenario(tmp_path, rows, more), capsys)
    assert validated == run
    assert told in run
    assert len(run.splitlines()) == 1


def test_remedy_for_a_replay_without_a_model_names_the_option(tmp_path: Path, capsys: Capture) -> None:
    """Whoever has a model need not train one."""
    validated, _ = _refusals(_scenario(tmp_path, _rows(), ""), capsys)
    assert validated.endswith("; add them, or name a model: --model DIR\n")


def test_model_that_is_none_is_found_by_validate(tmp_path: Path, capsys: Capture) -> None:
    """A folder that is named as a model is looked at as a run does."""
    validated, run = _refusals(_scenario(tmp_path, _rows(), ""), capsys, "--model", str(tmp_path))
    assert validated == run != ""


def test_validate_tells_what_a_replay_has_before_it(tmp_path: Path, capsys: Capture) -> None:
    """The spans, what is in them, and how long it takes are told, in a replay that has to train first."""
    file = _scenario(tmp_path, _rows(), SPANS + "  speed: 1\n")
    assert main(["validate", str(file)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{file}: valid; takes 1 d 23 h, after a model is trained",
        "  replays  48 transactions, 12 of them fraud, 2018-04-04 00:00 to 2018-04-05 23:00 UTC",
        "  train    48 transactions, 12 of them fraud, 2018-04-01 00:00 to 2018-04-02 23:00 UTC",
        "  test     48 transactions, 12 of them fraud, 2018-04-04 00:00 to 2018-04-05 23:00 UTC",
    ]
    assert main(["validate", str(file), "--set", "events.speed=max"]) == 0
    assert "valid; as fast as the pipeline takes them" in capsys.readouterr().out


@pytest.mark.slow
def test_replay_says_at_its_start_how_long_it_takes(tmp_path: Path, world_model: Path, capsys: Capture) -> None:
    """Nobody has to wait for two days to learn that it takes two days."""
    file = _scenario(tmp_path, _rows(), "  speed: 86400\n")
    given = ["--model", str(world_model), "--clock", "virtual", "--tui", "off", "--out", str(tmp_path / "out")]
    assert main(["run", str(file), *given]) == 0
    assert capsys.readouterr().err.splitlines() == ["the replay takes 4.96 s of virtual time"]


def test_history_is_read_as_training_reads_it(tmp_path: Path, capsys: Capture) -> None:
    """A row that breaks a rule between the spans, or before them, is found by ``validate``, not by the training."""
    rows = _rows()
    rows[60] = row(60, WHEN=_day(60), AMOUNT="x")
    validated, run = _refusals(_scenario(tmp_path, rows), capsys)
    assert validated == run
    assert "row 61, column AMOUNT: " in run
