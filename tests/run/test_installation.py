"""Where an installed copy and a checkout keep their models."""

from pathlib import Path

import pytest

from actors.core.errors import OutputError
from sim import installation
from sim.installation import HOME, is_checkout, model_cache, seen_from_here
from tests.support.repository import ROOT


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the code be an installed copy, used from an empty folder, without a home."""
    monkeypatch.setattr(installation, "is_checkout", lambda: False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)


def test_a_checkout_keeps_its_models_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From its root that is ``models``, from elsewhere the same folder by its whole path."""
    monkeypatch.chdir(ROOT)
    assert model_cache() == Path("models")
    monkeypatch.chdir(tmp_path)
    assert model_cache() == ROOT / "models"


@pytest.mark.usefixtures("installed")
def test_an_installed_copy_keeps_models_in_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that the environment names for caches, by default the usual one; a relative one is ignored."""
    monkeypatch.setenv("HOME", "/its/home")
    assert model_cache() == Path("/its/home/.cache/riskdrill/models")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert model_cache() == Path("/its/home/.cache/riskdrill/models")
    monkeypatch.setenv("XDG_CACHE_HOME", "/its/cache")
    assert model_cache() == Path("/its/cache/riskdrill/models")


@pytest.mark.usefixtures("installed")
def test_without_a_place_for_models_the_remedy_is_told() -> None:
    """A service without a home learns what to set, or that it may name a model."""
    with pytest.raises(OutputError) as told:
        model_cache()
    assert str(told.value) == (
        "no model can be kept: neither HOME nor XDG_CACHE_HOME names a folder; set one of them,"
        " or name a model with --model"
    )


@pytest.mark.parametrize("text", [None, '[project]\nname = "another"\n', b"\xff"])
def test_only_our_own_project_table_makes_a_checkout(
    text: str | bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Some packages leave their ``pyproject.toml`` in ``site-packages``; that makes it no checkout of riskdrill."""
    assert is_checkout()
    monkeypatch.setattr(installation, "HOME", tmp_path)
    if text is not None:
        (tmp_path / "pyproject.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert not is_checkout.__wrapped__()


def test_a_path_is_said_from_where_one_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Within the working directory it is short, elsewhere whole."""
    monkeypatch.chdir(tmp_path)
    assert seen_from_here(tmp_path / "a" / "b") == Path("a/b")
    assert seen_from_here(HOME) == HOME


def test_from_a_folder_that_is_gone_a_path_is_said_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever deletes the folder that they stand in can still name files by whole paths."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert model_cache() == ROOT / "models"
