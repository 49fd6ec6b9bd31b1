"""A model's file is data: whoever wrote it, nothing in it is run, and all but a booster is refused by name."""

import contextlib
import os
import pickle
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from actors.core.errors import ArtifactError
from actors.model import model_file
from actors.model.lightgbm_engine import lightgbm
from actors.model.model_file import ModelFile, read_model_file, write_model_file
from tests.support.actors.pickles import Trap, carrying
from tests.support.actors.small_model import Fitted

PLACE = "model.joblib"
REMEDY = "; train it again or restore the folder from a copy"
NO_BOOSTER = "must hold a LightGBM booster as joblib writes it, uncompressed, and does not"


def refusal(file: Path) -> str:
    """Return the rule in the one line with which ``file`` is refused: which file, the rule, what to do."""
    with pytest.raises(ArtifactError) as caught:
        read_model_file(file)
    text = str(caught.value)
    assert text.startswith(f"{file}: ")
    assert text.endswith(REMEDY)
    assert "\n" not in text
    return text.removeprefix(f"{file}: ").removesuffix(REMEDY)


def other(what: str) -> str:
    """Return the rule that a file breaks which holds ``what``, something that is more than a value."""
    return f"must hold a LightGBM booster and nothing else, got {what}; nothing of it was run"


def test_a_models_file_is_read_without_a_model_and_written_back_as_it_was(folder: Path, tmp_path: Path) -> None:
    """The text is LightGBM's own, and what is written loads as the same model."""
    found = read_model_file(folder / PLACE)
    assert found.text.startswith("tree\nversion=")
    write_model_file(tmp_path / "again", found)
    again = joblib.load(tmp_path / "again")
    assert isinstance(again, lightgbm.Booster)
    assert again.model_to_string() == joblib.load(folder / PLACE).model_to_string()
    assert read_model_file(tmp_path / "again").text == found.text


def test_the_booster_of_a_models_file_scores_as_the_one_that_was_saved(folder: Path, fitted: Fitted) -> None:
    """What the text says is all there is to a model."""
    scores = read_model_file(folder / PLACE).booster().predict(fitted.rows, num_threads=1)
    assert np.asarray(scores).tolist() == np.asarray(fitted.booster.predict(fitted.rows, num_threads=1)).tolist()


ARRAY = other("joblib.numpy_pickle.NumpyArrayWrapper")
SPRUNG = other(f"{Path.touch.__module__}.{Path.touch.__qualname__}")


@pytest.mark.parametrize("compress", [0, 3])
@pytest.mark.parametrize(
    ("made", "rule"),
    [
        (lambda trap: trap, SPRUNG),
        (lambda trap: [{"deep": (1, trap)}], SPRUNG),
        (lambda trap: np.array([trap], dtype=object), ARRAY),
        (lambda trap: {"params": [np.array([[1, trap]], dtype=object)]}, ARRAY),
        (lambda _: np.arange(3), ARRAY),
        (lambda _: LogisticRegression(), other("sklearn.linear_model._logistic.LogisticRegression")),
        (lambda _: OrderedDict(), other("collections.OrderedDict")),
        (lambda _: Path("x"), other(f"{type(Path()).__module__}.{type(Path()).__name__}")),
        (lambda _: {"hello": 1}, "must hold a LightGBM booster, got dict"),
        (lambda _: "text", "must hold a LightGBM booster, got str"),
        (lambda _: b"bytes", other("the instruction SHORT_BINBYTES of a pickle")),
    ],
)
def test_all_but_a_booster_is_refused_by_name_and_never_run(
    made: Callable[[Trap], Any], rule: str, compress: int, tmp_path: Path
) -> None:
    """Plain, nested, or inside an array of objects, which joblib's own reader hands to a bare pickle."""
    joblib.dump(made(Trap(tmp_path / "sprung")), tmp_path / PLACE, compress=compress)
    assert refusal(tmp_path / PLACE) == (NO_BOOSTER if compress else rule)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("wrapped", "rule"),
    [
        (lambda trap: trap, SPRUNG),
        (lambda trap: np.array([trap], dtype=object), ARRAY),
    ],
)
def test_a_booster_that_carries_more_than_values_is_refused_whole(
    wrapped: Callable[[Trap], Any], rule: str, fitted: Fitted, tmp_path: Path
) -> None:
    """A sound text does not make up for what comes with it."""
    joblib.dump(carrying(fitted.booster, wrapped(Trap(tmp_path / "sprung"))), tmp_path / PLACE)
    assert refusal(tmp_path / PLACE) == rule
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_booster_is_read_whatever_the_protocol_of_its_pickle(protocol: int, fitted: Fitted, tmp_path: Path) -> None:
    """Those that any Python that runs this has written by default, and the ones before."""
    text = fitted.booster.model_to_string()
    (tmp_path / PLACE).write_bytes(pickle.dumps(lightgbm.Booster(model_str=text), protocol))
    assert read_model_file(tmp_path / PLACE).text == text


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", NO_BOOSTER),
        (b"hello", NO_BOOSTER),
        (b"cos\nsystem\n(S'false'\ntR.", NO_BOOSTER),
        (b"\x80\x02cos\nsystem\n(X\x05\x00\x00\x00falsetR.", other("os.system")),
        (b"\x80\x02X\x01\x00\x00\x00xR.", other("the instruction REDUCE of a pickle")),
        (b"\x80\x04r\xff\xff\xff\x7f.", NO_BOOSTER),  # a reference numbered two thousand million
        (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fa.", NO_BOOSTER),  # a text of 2^63 bytes
        (b"\x80\x04" + b"(" * 100_000, NO_BOOSTER),
        (
            b"\x80\x04K\x01" + b"\x85" * 100_000 + b".",
            "must hold a LightGBM booster, got tuple",
        ),  # nested a hundred thousand deep
        (b"\x80\x04Pid\n.", other("the instruction PERSID of a pickle")),
        (b"\x80\x04\x82\x01.", other("the instruction EXT1 of a pickle")),
        (b"\x80\x04\x97.", other("the instruction NEXT_BUFFER of a pickle")),
    ],
)
def test_bytes_that_are_no_booster_are_refused_in_one_line(content: bytes, rule: str, tmp_path: Path) -> None:
    """Numbers that a pickle makes up set no memory aside."""
    (tmp_path / PLACE).write_bytes(content)
    assert refusal(tmp_path / PLACE) == rule


def test_what_is_no_file_is_refused_without_being_waited_for(tmp_path: Path) -> None:
    """A pipe that no one writes to, a device without an end, a folder, nothing at all."""
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        assert refusal(place) == f"cannot be read: {place} must be a regular file"
    nowhere = tmp_path / "nowhere"
    assert refusal(nowhere) == f"cannot be read: [Errno 2] No such file or directory: '{nowhere}'"


def test_a_file_too_large_to_be_a_model_is_not_read_whole(tmp_path: Path) -> None:
    """The limit is told; a sparse file of it takes no room."""
    with (tmp_path / PLACE).open("wb") as file:
        file.truncate(model_file.MOST_BYTES + 1)
    assert refusal(tmp_path / PLACE) == "cannot be read: must have at most 268,435,456 bytes, and has more"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, "must hold a booster with its text, and this one has none"),
        (7, "must hold a booster with its text, and this one has none"),
        ("a\0b", "must hold text, and has a NUL in it: a part of it was lost"),
    ],
)
def test_a_booster_without_a_whole_text_is_refused(text: Any, rule: str, tmp_path: Path) -> None:  # noqa: ANN401 - wrong on purpose
    """LightGBM's reader would take the text to end at a NUL."""
    write_model_file(tmp_path / PLACE, ModelFile(text, {}, ""))
    assert refusal(tmp_path / PLACE) == rule


@given(st.binary(max_size=60), st.integers(0, 400), st.booleans())
def test_damaged_bytes_are_refused_or_hold_a_text(noise: bytes, at: int, cut: bool) -> None:
    """Whatever is done to a file, it is one line or a booster's text."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / PLACE
        write_model_file(file, ModelFile("tree", {"params": {"boosting": ["gbdt", 1, 0.5, None, True]}}, ""))
        content = file.read_bytes()
        file.write_bytes(content[:at] + noise + (b"" if cut else content[at + len(noise) :]))
        with contextlib.suppress(ArtifactError):
            assert isinstance(read_model_file(file).text, str)
