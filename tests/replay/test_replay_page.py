"""What ``docs/replay.md`` says is what happens."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from sim.cli import main
from sim.report.summary import read_summary
from tests.support.repository import ROOT
from tests.support.sim.event_files import row, write
from tests.support.sim.public_data_sets import SHAPES

TEXT = (ROOT / "docs" / "replay.md").read_text()
RECIPES = {
    re.findall(r"^name: (\S+)$", text, re.MULTILINE)[0]: text
    for text in re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
}
COMMANDS = [line[2:] for line in re.findall(r"^\$ python -m sim .*$", TEXT, re.MULTILINE)]
SAID = re.findall(r"^\| `(.*?)` \|", TEXT.split("## What is refused")[1].split("## Public")[0], re.MULTILINE)
Capture = pytest.CaptureFixture[str]


def _mine(folder: Path) -> Path:
    """Write a file that the section of the page fits."""
    lines = ["tx_id;when;card;shop;amount;fraud"]
    for number in range(31 * 24):
        day, hour = 1 + number // 24, number % 24
        label = "Yes" if number % 12 == 5 else "No"
        when = f"{day:02}/03/2024 {hour:02}:30"
        lines.append(f"t{number};{when};card-{number % 41};shop-{number % 9};{number % 70},25;{label}")
    file = folder / "transactions.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture(params=sorted(RECIPES))
def recipe(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return each scenario of the page in turn, beside a file of the shape that it is for."""
    name = str(request.param)
    if name == "mine":
        _mine(tmp_path)
    else:
        SHAPES[name](tmp_path)
    scenario = tmp_path / f"{name}.yaml"
    scenario.write_text(RECIPES[name])
    return scenario


def test_page_has_a_recipe_for_each_shape() -> None:
    """No data set is told of that no test knows."""
    assert sorted(RECIPES) == sorted(["mine", *SHAPES])


def test_each_recipe_is_valid_and_can_be_trained_on(recipe: Path, capsys: Capture) -> None:
    """``validate`` reads the whole file, and finds fraud in both spans."""
    assert main(["validate", str(recipe)]) == 0
    told = capsys.readouterr().out
    assert "after a model is trained" in told
    assert re.search(r"^  train .* of them fraud", told, re.MULTILINE)


@pytest.mark.slow
def test_each_recipe_runs(recipe: Path, world_model: Path, capsys: Capture) -> None:
    """With a model that is there the test span is replayed, to the last row."""
    out = recipe.parent / "out"
    given = ["--model", str(world_model), "--clock", "virtual", "--tui", "off", "--out", str(out)]
    assert main(["run", str(recipe), *given]) == 0, capsys.readouterr().err
    summary = read_summary(out)
    assert summary.events_processed > 10
    assert summary.modes.default == 0


@pytest.mark.slow
def test_commands_of_the_page_work_in_their_order(
    tmp_path: Path, world_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Followed on a file of one's own making they end in a run; here with a model, so as not to train one."""
    monkeypatch.chdir(tmp_path)
    _mine(tmp_path)
    for command in COMMANDS:
        words = shlex.split(command, comments=True)[3:]
        target = words[words.index(">") + 1] if ">" in words else None
        words = words[: words.index(">")] if target else words
        if words[0] == "run":
            words += ["--model", str(world_model), "--clock", "virtual", "--tui", "off"]
        assert main(words) == 0, command
        told = capsys.readouterr().out
        if target:
            Path(target).write_text(told)


HEAD = "TX,WHEN,CUSTOMER,TERMINAL,AMOUNT,FRAUD\n"
BROKEN: Mapping[str, str] = {
    "columns are separated by": HEAD.replace(",", ";") + "1;2018-04-01;1;1;1;0\n",
    "never closes": HEAD + '1,2018-04-01,"1,1,1,0\n',
    "has a quote in the middle of a field": HEAD + '1,2018-04-01,15" x,1,1,0\n',
    "fields, but the header has": HEAD + "1,2018-04-01,1,1\n",
    "columns named": HEAD.replace("FRAUD", "FRAUD,AMOUNT") + "1,2018-04-01,1,1,1,0,1\n",
    "is not UTF-8": HEAD + "1,2018-04-01,\udcff,1,1,0\n",
    "has no column": HEAD.replace("FRAUD", "FRAUDS") + "1,2018-04-01,1,1,1,0\n",
    "day and month could be swapped": HEAD + "1,04/03/2024 10:00,1,1,1,0\n",
    "is a number without a unit": HEAD + "1,17,1,1,1,0\n",
    "is a date written as a number": HEAD + "1,20240304,1,1,1,0\n",
    "has an offset from UTC, but": HEAD + "1,2018-04-01T10:00:00,1,1,1,0\n2,2018-04-01T12:00:00+01:00,1,1,1,0\n",
    "must lie between 1990 and 2100": HEAD + "1,1890-04-01,1,1,1,0\n",
    "times must never fall": HEAD + "1,2018-04-02,1,1,1,0\n2,2018-04-01,1,1,1,0\n",
    "ids must be unique": HEAD + "1,2018-04-01,1,1,1,0\n1,2018-04-02,1,1,1,0\n",
    "in exponent form": HEAD + "1,2018-04-01,4.00012E+15,1,1,0\n",
    "invisible character at its ends": HEAD + "1,2018-04-01,\ufeff1,1,1,0\n",
    "may be a word for no value": HEAD + "1,2018-04-01,NULL,1,1,0\n",
    "may tell a refund": HEAD + "1,2018-04-01,1,1,5.00 CR,0\n",
    "reads as a pattern": HEAD.replace("CUSTOMER", "CUSTOMER,*") + "1,2018-04-01,1,1,1,1,0\n",
    "a comma can mean two things": HEAD + '1,2018-04-01,1,1,"1,234",0\n',
    "must be a number from 0 to": HEAD + "1,2018-04-01,1,1,-5,0\n",
    "must be 0 or 1": HEAD + "1,2018-04-01,1,1,1,Yes\n",
    "must be known in every row": HEAD + "1,2018-04-01,,1,1,0\n",
}


@pytest.mark.parametrize("said", SAID)
def test_each_refusal_of_the_page_is_one_that_a_file_gets(tmp_path: Path, said: str, capsys: Capture) -> None:
    """The words stand in the line that ``validate`` prints for a file with that mistake."""
    file = tmp_path / "data.csv"
    spans = "  train: [2018-04-01, 2018-04-01]\n  test: [2018-04-02, 2018-04-02]\n"
    if said in BROKEN:
        file.write_bytes(BROKEN[said].encode(errors="surrogateescape"))
    else:
        write(file, [row(number, WHEN=f"2018-04-0{1 + number // 5}", FRAUD=0) for number in range(10)])
        spans = spans if "both kinds" in said else ""
    columns = "{id: TX, event_time: WHEN, card: CUSTOMER, merchant: TERMINAL, amount: AMOUNT, fraud: FRAUD}"
    (tmp_path / "x.yaml").write_text(
        f"name: x\nevents:\n  file: data.csv\n  columns: {columns}\n{spans}  from: 2018-01-01\n"
    )
    assert main(["validate", str(tmp_path / "x.yaml")]) == 2
    assert said in capsys.readouterr().err
