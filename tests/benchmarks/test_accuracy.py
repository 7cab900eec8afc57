"""The pieces of the benchmark of accuracy, on data that is made here."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import accuracy_clips
import vidlabel
from accuracy_clips import Place, calibration_row, clip_rows, evaluate_middle_square
from accuracy_figures import print_rows
from accuracy_order import TASKS, write_task
from accuracy_untrimmed import segment_rows, write_recording
from corpus import Recipe, write_video
from vidlabel import Segment
from vidlabel.labels.annotations import Annotation
from vidlabel.training.features import training_blocks

pytestmark = pytest.mark.usefixtures("short_windows")


@pytest.mark.parametrize("name", list(TASKS))
def test_the_mean_of_a_clip_does_not_tell_the_order(name: str) -> None:
    draw, _ = TASKS[name]
    generator = np.random.default_rng(0)
    means = [np.mean([draw(generator, label).mean(axis=0) for _ in range(2000)], axis=0) for label in (0, 1)]
    np.testing.assert_allclose(means[0], means[1], atol=0.03)
    totals = [draw(generator, label).sum() for label in (0, 1) for _ in range(5)]
    assert len(set(totals)) == 1  # as much to see in each clip, whatever its label


def test_figures_of_recordings_are_means_over_them() -> None:
    truth = {"a": [Segment(0, 2, "hug", 1), Segment(4, 6, "kick", 1)], "b": [Segment(0, 2, "hug", 1)]}
    predicted = {"a": [Segment(0.5, 2, "hug", 0.9)], "b": [Segment(0, 2, "hug", 0.9), Segment(5, 6, "hug", 0.9)]}
    found = {row.figure: row.value for row in segment_rows(truth, predicted)}
    # One of two events in a, and one in b with one too many: F1 2/3 each.
    assert found["F1@50"] == pytest.approx(200 / 3)
    assert found["events found within 1 s"] == pytest.approx(75)
    assert found["edit score"] == pytest.approx(50)


def test_recordings_hold_clips_and_pauses(tmp_path: Path) -> None:
    paths = [write_video(tmp_path / f"{number}.mp4", Recipe(frames=10, rate=Fraction(10))) for number in range(4)]
    clips = [Annotation(str(path), None, None, label, "a") for path, label in zip(paths, ("hug", "kick"), strict=False)]
    segments = write_recording(tmp_path / "long.mp4", clips, paths[1:], np.random.default_rng(0))
    # Five videos of ten frames, a tenth of a second apart; the last frame is shown for a thirtieth.
    times = [time for segment in segments for time in (segment.start, segment.end)]
    assert times == pytest.approx([28 / 30, 56 / 30, 84 / 30, 112 / 30])
    assert sorted(segment.label for segment in segments) == ["hug", "kick"]
    with av.open(str(tmp_path / "long.mp4")) as source:
        assert sum(1 for _ in source.decode(video=0)) == 140


def test_rows_say_what_the_evaluation_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_task(tmp_path, "times", 16, 0)
    found = vidlabel.evaluate(table, folds=2, inner_folds=0, head="mean", epochs=2)
    rows = clip_rows("times", found, "none")
    accuracy = found.metrics["accuracy"]
    assert accuracy is not None
    assert (rows[0].value, rows[0].count) == (100 * accuracy.value, "16 clips, 4 groups")
    error = found.metrics["ece"]
    assert error is not None
    # Two times the same answers err as much as once; so do the pooled ones, in columns of their own.
    assert calibration_row([found, found]).value == pytest.approx(error.value)
    print_rows(rows)
    assert f"| {100 * accuracy.value:.1f} |" in capsys.readouterr().out


def test_people_are_looked_for_in_the_middle_alone_while_that_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(
        accuracy_clips, "evaluate_set", lambda place, name, folds: seen.extend(map(str, training_blocks(["pose"])))
    )
    evaluate_middle_square(Place(tmp_path, None, 0), "clips")
    assert seen == ["pose/centre", "pose/centre-flipped"]
    assert [str(block) for block in training_blocks(["pose"])] == ["pose/whole", "pose/whole-flipped"]
