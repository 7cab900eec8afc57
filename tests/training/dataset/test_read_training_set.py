"""Where `train` and `evaluate` take their labels from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from training.sets import write_features, write_table
from vidlabel.errors import InputError, UsageError
from vidlabel.training.dataset.examples import NOTHING_SAID
from vidlabel.training.dataset.reading import read_training_set


def test_a_table(tmp_path: Path) -> None:
    table = write_table(tmp_path, "a.npz,,,hug\nb.npz,,,push\n", ["a.npz", "b.npz"])
    found = read_training_set("train", str(table), None, NOTHING_SAID)
    assert [(example.video, example.clip_labels) for example in found.examples] == [
        ("a.npz", ("hug",)),
        ("b.npz", ("push",)),
    ]


def test_a_folder_for_each_label(tmp_path: Path) -> None:
    for name in ("push/b.npz", "hug/a.npz", "hug/deep/c.npz"):
        write_features(tmp_path / name)
    (tmp_path / "hug" / "notes.txt").write_text("no clip")
    found = read_training_set("train", None, str(tmp_path), NOTHING_SAID)
    assert found.warnings == (f"not called like videos, and left out: {Path('hug/notes.txt')}",)
    assert {example.path.name: example.clip_labels for example in found.examples} == {
        "a.npz": ("hug",),
        "b.npz": ("push",),
        "c.npz": ("hug",),
    }


def test_a_folder_that_cannot_be_listed_costs_that_folder_alone(
    tmp_path: Path, forbid_listing: Callable[[str], None]
) -> None:
    for name in ("push/b.npz", "hug/a.npz", "hug/deep/c.npz"):
        write_features(tmp_path / name)
    forbid_listing("deep")
    found = read_training_set("train", None, str(tmp_path), NOTHING_SAID)
    assert [example.path.name for example in found.examples] == ["a.npz", "b.npz"]
    assert [video.reason.split(";")[0] for video in found.unusable] == [
        f"{tmp_path / 'hug' / 'deep'}: cannot be listed (Permission denied)"
    ]
    with pytest.raises(InputError, match="cannot be listed"):
        read_training_set("train", None, str(tmp_path / "hug" / "deep"), NOTHING_SAID)


@pytest.mark.parametrize("given", [(None, None), ("labels.csv", "clips")])
def test_both_or_none_are_refused(given: tuple[str | None, str | None]) -> None:
    with pytest.raises(UsageError, match=r"^evaluate: needs a table of labels, or --from-folders; give one of them"):
        read_training_set("evaluate", *given, NOTHING_SAID)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing is not a folder"):
        read_training_set("train", None, str(tmp_path / "missing"), NOTHING_SAID)
