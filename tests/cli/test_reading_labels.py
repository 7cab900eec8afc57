"""Where `train` and `evaluate` take their labels from."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.sets import write_features, write_table
from vidlabel.cli.reading_labels import read_training_set
from vidlabel.errors import UsageError
from vidlabel.training.dataset.examples import NOTHING_SAID


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
    assert {example.path.name: example.clip_labels for example in found.examples} == {
        "a.npz": ("hug",),
        "b.npz": ("push",),
        "c.npz": ("hug",),
    }


@pytest.mark.parametrize("given", [(None, None), ("labels.csv", "clips")])
def test_both_or_none_are_refused(given: tuple[str | None, str | None]) -> None:
    with pytest.raises(UsageError, match=r"^evaluate: wants a table of labels, or --from-folders; give one of them"):
        read_training_set("evaluate", *given, NOTHING_SAID)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing is no folder"):
        read_training_set("train", None, str(tmp_path / "missing"), NOTHING_SAID)
