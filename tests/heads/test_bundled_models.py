from __future__ import annotations

from pathlib import Path

import pytest

from vidlabel.errors import ModelFileError, UsageError
from vidlabel.heads.bundled_models import find_among, find_model, shipped_models
from vidlabel.heads.model import load_model

FILES = {"objects": Path("/pack/objects.safetensors"), "fights": Path("/pack/fights.safetensors")}


def test_a_shipped_model_is_found_by_name() -> None:
    assert find_among(FILES, "objects") == FILES["objects"]


def test_a_file_is_found_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine"
    path.touch()
    assert find_among(FILES, str(path)) == path
    assert find_among(FILES, path) == path


def test_a_name_goes_before_a_file_and_a_path_never_means_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("objects").touch()
    assert find_among(FILES, "objects") == FILES["objects"]
    assert find_among(FILES, "./objects") == Path("objects")
    assert find_among(FILES, Path("objects")) == Path("objects")


def test_a_slip_in_a_name_is_met_with_the_near_one() -> None:
    with pytest.raises(UsageError, match=r"^--model: there is no model called 'Object'") as caught:
        find_among(FILES, "Object")
    assert caught.value.remedy.startswith("did you mean objects? shipped models: objects, fights;")


def test_a_name_far_from_all_is_met_with_the_list() -> None:
    with pytest.raises(UsageError) as caught:
        find_among(FILES, "xyzzy")
    assert "did you mean" not in caught.value.remedy
    assert "objects, fights" in caught.value.remedy


@pytest.mark.parametrize("given", ["gone.safetensors", "models/gone", Path("gone")])
def test_what_looks_like_a_file_is_missed_as_a_file(given: str | Path) -> None:
    with pytest.raises(ModelFileError, match="no such file"):
        find_among(FILES, given)


@pytest.mark.parametrize("given", ["a" * 5000, "a\0b", ""])
def test_no_name_at_all_is_an_expected_failure(given: str) -> None:
    with pytest.raises((UsageError, ModelFileError)):
        find_among(FILES, given)


def test_all_shipped_models_load() -> None:
    models = shipped_models()
    assert list(models) == sorted(models) == ["objects", "objects-coarse", "people", "sounds"]
    for name, path in models.items():
        assert find_model(name) == path
        assert load_model(name).spec.description
