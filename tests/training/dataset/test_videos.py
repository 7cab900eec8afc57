"""Files and the rows about them: what fits together, and what is said where it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.origins import SETTINGS
from training.sets import write_features
from vidlabel.errors import AnnotationError
from vidlabel.features.feature_file import FeatureKind
from vidlabel.labels.annotations import Annotation
from vidlabel.training.dataset.examples import Span
from vidlabel.training.dataset.sources import Source
from vidlabel.training.dataset.videos import (
    LabelledVideo,
    as_example,
    common_kind,
    file_warnings,
    late_end_warnings,
    probe_videos,
    resampling_warnings,
)

PLAIN = FeatureKind(10, 2.0, None)


def video(*rows: Annotation, seconds: float = 10.0, kind: FeatureKind | None = None) -> LabelledVideo:
    return LabelledVideo(rows, Source(Path(rows[0].video), seconds, kind), "g")


def test_rows_of_one_file_come_together_and_faults_are_told_apart(tmp_path: Path) -> None:
    write_features(tmp_path / "a.npz")
    (tmp_path / "bad.npz").write_bytes(b"no features")
    rows = [
        Annotation("a.npz", 0, 2, "Background", line=2),
        Annotation("gone.npz", 0, 1, "hug", line=3),
        Annotation("bad.npz", 0, 1, "hug", line=4),
        Annotation("./a.npz", 3, 4, "hug", line=5),
    ]
    on_progress: list[tuple[int, int]] = []
    found = probe_videos(rows, tmp_path, None, None, lambda done, all_: on_progress.append((done, all_)))
    (known,) = found.videos
    assert [(row.line, row.label) for row in known.rows] == [(2, "background"), (5, "hug")]
    assert known.source.duration_s == pytest.approx(10.0)
    assert [unusable.video for unusable in found.unusable] == ["bad.npz"]
    assert [problem.line for problem in found.problems] == [3]
    assert on_progress == [(1, 3), (2, 3), (3, 3)]


def test_an_example_is_in_order_of_time_and_ends_with_its_video() -> None:
    rows = (Annotation("v", 8, 12, "b"), Annotation("v", None, None, "whole"), Annotation("v", 1, 3, "a"))
    found = as_example(video(*rows))
    assert found.clip_labels == ("whole",)
    assert found.spans == (Span(1, 3, "a"), Span(8, 10.0, "b"))


def test_videos_with_warnings_are_named() -> None:
    plain = video(Annotation("v", 1, 2, "a"))
    odd = replace(plain, source=replace(plain.source, warnings=("2.000 s are left out", "odd")))
    assert file_warnings([plain]) == []
    assert file_warnings([plain, odd]) == ["'v': 2.000 s are left out; odd"]
    assert file_warnings([odd] * 13)[9:] == ["'v': 2.000 s are left out; odd", "3 more videos come with such warnings"]


def test_rows_that_end_late_are_told_in_one_line() -> None:
    slight = video(Annotation("v", 1, 10.05, "a", line=2))
    assert late_end_warnings([slight]) == []
    one = video(Annotation("v", 1, 10.5, "a", line=3))
    assert late_end_warnings([slight, one]) == ["1 row ends after the video, by up to 0.50 s (line 3); cut to its end"]
    two = video(Annotation("v", 1, 12, "a", line=4))
    assert late_end_warnings([one, two]) == ["2 rows end after the video, by up to 2.00 s (line 4); cut to its end"]


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        (None, "one is a video, one a file of features"),
        (FeatureKind(12, 2.0, None), "10 and 12 numbers in a feature"),
        (FeatureKind(10, 4.0, None), "2 and 4 samples per second"),
        (FeatureKind(10, 2.0, SETTINGS), "made with different settings"),
    ],
)
def test_features_that_do_not_go_together_are_refused(other: FeatureKind | None, problem: str) -> None:
    first, second = Annotation("a", 0, 1, "x"), Annotation("b", 0, 1, "x")
    with pytest.raises(AnnotationError, match=f"'a' and 'b' cannot be used together: .*{problem}"):
        common_kind("t.csv", [video(first, kind=PLAIN), video(second, kind=other)])


def test_files_need_not_hold_the_same_streams() -> None:
    frames, motion = (replace(SETTINGS.streams[0], name=name) for name in ("frames", "motion"))
    size = frames.size
    rows = [Annotation(name, 0, 1, "x") for name in "abc"]
    kinds = [
        FeatureKind(size * len(streams), SETTINGS.rate, replace(SETTINGS, streams=streams))
        for streams in ((motion,), (frames, motion), (frames,))
    ]
    found = common_kind("t.csv", [video(row, kind=kind) for row, kind in zip(rows, kinds, strict=True)])
    assert found == kinds[1]
    other = replace(kinds[0], settings=replace(SETTINGS, streams=(replace(motion, size=size + 1),)), width=size + 1)
    with pytest.raises(AnnotationError, match="'b' and 'c' cannot be used together"):
        common_kind("t.csv", [video(rows[1], kind=kinds[1]), video(rows[2], kind=other)])


def test_features_of_several_rates_are_named_with_what_resamples_them(tmp_path: Path) -> None:
    for name, rate in (("a.npz", 5.0), ("b.npz", 25.0), ("c.npz", 25.0)):
        write_features(tmp_path / name, rate=rate)
    rows = [Annotation(f"{name}.npz", 0, 10, "x") for name in "abc"]
    own = probe_videos(rows, tmp_path, None, None, None).videos
    with pytest.raises(AnnotationError, match=r"5 and 25 samples per second.*give --rate to have all resampled"):
        common_kind("t.csv", own)
    assert resampling_warnings(own) == []
    same = probe_videos(rows, tmp_path, None, 5.0, None).videos
    assert common_kind("t.csv", same) == FeatureKind(10, 5.0, None)
    first = "the first one, 'b.npz', from 25 to 5 samples a second"
    assert resampling_warnings(same) == [f"2 files of features are resampled, {first}"]
    assert resampling_warnings(same[:2]) == ["'b.npz' is resampled from 25 to 5 samples a second"]


def test_rows_before_the_first_sample_are_of_another_clock(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", features=np.zeros((20, 3)), times=1700000000 + np.arange(20) / 2)
    rows = [Annotation("a.npz", 1700000001, 1700000003, "x", line=2), Annotation("a.npz", 1, 3, "x", line=3)]
    (problem,) = probe_videos(rows, tmp_path, None, None, None).problems
    assert str(problem) == "line 3: end 3 lies before 'a.npz', whose times begin at 1700000000.000 s"


def test_rates_may_differ_by_what_rounding_does() -> None:
    first, second = Annotation("a", 0, 1, "x"), Annotation("b", 0, 1, "x")
    assert common_kind("t.csv", [video(first, kind=PLAIN), video(second, kind=FeatureKind(10, 2.01, None))]) == PLAIN
    assert common_kind("t.csv", [video(first), video(second)]) is None
