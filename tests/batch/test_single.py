"""One video, labelled in the process that asks."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from corpus import Recipe, write_video
from vidlabel.batch.destination import OneFile
from vidlabel.batch.listener import PythonListener
from vidlabel.batch.options import PredictOptions
from vidlabel.batch.single import label_one, label_to_file
from vidlabel.batch.work import WorkOptions
from vidlabel.errors import VideoError
from vidlabel.labels.formats import FORMATS


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("single") / "a.mp4", Recipe(frames=30))


@pytest.fixture(autouse=True)
def _unfreeze() -> Iterator[None]:
    """Loading the labeller takes what there is from the garbage collector."""
    yield
    gc.unfreeze()


@pytest.fixture
def options(tmp_path: Path) -> WorkOptions:
    return WorkOptions(folder=tmp_path, predict=PredictOptions(device="cpu"), model_sha256="0" * 64)


def test_a_video_has_an_outcome_and_a_result(clip: Path, options: WorkOptions) -> None:
    outcome, result = label_one(str(clip), options, PythonListener())
    assert (outcome.status, outcome.partial, outcome.samples) == ("done", False, 3)
    assert outcome.duration == pytest.approx(30 / 25)
    assert result is not None
    assert result.video.path == str(clip)


def test_what_is_no_video_has_a_reason_and_no_result(tmp_path: Path, options: WorkOptions) -> None:
    (tmp_path / "a.mp4").write_bytes(b"text")
    outcome, result = label_one(str(tmp_path / "a.mp4"), options, PythonListener())
    assert outcome.status == "failed"
    assert "no video that FFmpeg can open" in outcome.reason
    assert result is None


def test_a_missing_file_is_told_at_once(tmp_path: Path, options: WorkOptions) -> None:
    with pytest.raises(VideoError, match="cannot be read"):
        label_one(str(tmp_path / "none.mp4"), options, PythonListener())


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_video_in_part_is_a_failure_if_that_is_asked(clip: Path, tmp_path: Path, options: WorkOptions) -> None:
    data = clip.read_bytes()
    with av.open(str(clip)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.pos is not None]
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data[: places[14] + 5] + b"\xff" * (places[18] - places[14] - 5) + data[places[18] :])
    outcome, result = label_one(str(damaged), options, PythonListener())
    assert (outcome.status, outcome.partial) == ("done", True)
    assert result is not None
    assert result.status == "partial"
    strict, nothing = label_one(str(damaged), replace(options, strict=True), PythonListener())
    assert (strict.status, strict.reason, nothing) == ("failed", outcome.reason, None)


def test_a_file_of_the_same_work_is_left_alone(clip: Path, tmp_path: Path, options: WorkOptions) -> None:
    target = tmp_path / "a.json"
    destination = OneFile(target, FORMATS["json"])
    _, result = label_one(str(clip), options, PythonListener())
    assert result is not None
    known = replace(options, model_sha256=result.model.sha256)
    assert label_to_file(str(clip), destination, known, PythonListener()).status == "done"
    written = target.read_bytes()
    assert json.loads(written)["video"]["path"] == str(clip)
    assert label_to_file(str(clip), destination, known, PythonListener()).status == "skipped"
    again = label_to_file(str(clip), destination, replace(known, overwrite=True), PythonListener())
    assert again.status == "done"
    assert target.read_bytes() == written
