"""One video, labelled in the process that asks."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from corpus import Recipe, write_video
from vidlabel.batch.jobs.label import LabelJob, label_one, load_labeller
from vidlabel.errors import VideoError, VidlabelError
from vidlabel.files import sha256_of
from vidlabel.heads.bundled_models import find_model
from vidlabel.prediction.options import PredictOptions
from vidlabel.prediction.predict import PythonListener
from vidlabel.video.isolation.pool import DecodePool

LOAD = """
import gc
from vidlabel.batch.jobs.label import load_labeller
from vidlabel.prediction.options import PredictOptions
from vidlabel.video.isolation.pool import DecodePool
collections = []
gc.callbacks.append(lambda phase, info: collections.append(phase))
with DecodePool() as pool:
    load_labeller(PredictOptions(models=("objects",)), pool)
    loading = len(collections)
    frozen = gc.get_freeze_count()
    gc.collect()
    print(loading, gc.isenabled(), frozen > 20_000, len(collections))
"""

JOB = LabelJob(PredictOptions(models=("objects",), device="cpu"), (sha256_of(find_model("objects")),))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("single") / "a.mp4", Recipe(frames=30))


@pytest.fixture(autouse=True)
def _unfreeze() -> Iterator[None]:
    """Loading the labeller takes what there is from the garbage collector."""
    yield
    gc.unfreeze()


def test_a_video_has_an_outcome_and_a_result(clip: Path) -> None:
    outcome, result = label_one(str(clip), JOB.predict, PythonListener())
    assert (outcome.status, outcome.partial, outcome.samples) == ("done", False, 3)
    assert outcome.duration == pytest.approx(30 / 25)
    assert result is not None
    assert result.video.path == str(clip)


def test_what_is_no_video_has_a_reason_and_no_result(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"text")
    outcome, result = label_one(str(tmp_path / "a.mp4"), JOB.predict, PythonListener())
    assert outcome.status == "failed"
    assert "no video that FFmpeg can open" in outcome.reason
    assert result is None


def test_a_missing_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="no such file"):
        label_one(str(tmp_path / "none.mp4"), JOB.predict, PythonListener())


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_video_in_part_is_a_failure_if_that_is_asked(clip: Path, tmp_path: Path) -> None:
    data = clip.read_bytes()
    with av.open(str(clip)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.pos is not None]
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data[: places[14] + 5] + b"\xff" * (places[18] - places[14] - 5) + data[places[18] :])
    outcome, result = label_one(str(damaged), JOB.predict, PythonListener())
    assert (outcome.status, outcome.partial) == ("done", True)
    assert result is not None
    assert result.status == "partial"
    strict, nothing = label_one(str(damaged), JOB.predict, PythonListener(), strict=True)
    assert (strict.status, strict.reason, nothing) == ("failed", outcome.reason, None)


def test_what_is_loaded_is_not_looked_through_for_garbage() -> None:
    ended = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    assert ended.stdout == "0 True True 2\n"


def test_the_collector_is_on_again_after_a_failure() -> None:
    try:
        with DecodePool() as pool, pytest.raises(VidlabelError, match="nowhere"):
            load_labeller(PredictOptions(models=("nowhere.safetensors",)), pool)
        assert gc.isenabled()
    finally:
        gc.unfreeze()
