"""Which of several audio streams is learnt from, measured and labelled: each command decides by its own option."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import call
from sounds import Clip, join_sounds, write_clip

pytestmark = pytest.mark.usefixtures("in_one_process", "short_windows")

LOUD, QUIET = Clip(video_lasts=2.0, sound_lasts=2.0, bursts=((0.0, 2.0),)), Clip(video_lasts=2.0, sound_lasts=2.0)
QUICK = ("--streams", "audio", "--rate", "2", "--head", "mean", "--epochs", "20", "--inner-folds", "0", "--quiet")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips whose first audio stream is the same in all; the second one says which label holds."""
    folder = tmp_path_factory.mktemp("streams")
    loud, quiet = write_clip(folder / "loud.mp4", LOUD), write_clip(folder / "quiet.mp4", QUIET)
    rows = ["video,start,end,label,group"]
    for number in range(4):
        join_sounds(folder / f"{number}.mp4", quiet, (quiet, loud)[number % 2])
        rows.append(f"{number}.mp4,,,{('rest', 'tone')[number % 2]},g{number // 2}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "labels.csv"


def accuracy(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> float:
    ended = call(capfd, "evaluate", *arguments, "--json", "--quiet")
    return float(json.loads(ended.output)["metrics"]["accuracy"]["value"])


@pytest.mark.usefixtures("explained_in_the_pool")
def test_the_stream_that_is_named_is_learnt_from_and_measured(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, table: Path
) -> None:
    cache = ("--cache-dir", tmp_path / "cache")
    assert accuracy(capfd, table, "--folds", "2", *QUICK, *cache, "--audio-stream", "1") == 1.0
    model = tmp_path / "m.safetensors"
    ended = call(capfd, "train", table, "-o", model, *QUICK, *cache, "--audio-stream", "1")
    assert (ended.status, "error" in ended.errors) == (0, False)
    assert accuracy(capfd, table, "-m", model, *cache) == 0.5  # the cache holds both streams
    assert accuracy(capfd, table, "-m", model, *cache, "--audio-stream", "1") == 1.0
    clip = table.parent / "1.mp4"
    for options, expected in ((("--audio-stream", "1"), "tone"), ((), "rest")):
        found = json.loads(call(capfd, "predict", clip, "-m", model, "--threshold", "0", "-q", *options).output)
        assert [segment["label"] for segment in found["segments"]] == [expected]
    why = call(capfd, "explain", clip, "-m", model, "--audio-stream", "1", "--time", "1", "-o", tmp_path / "why")
    assert why.output.startswith("tone ")
    (heard, *_) = json.loads((tmp_path / "why" / "explanation.json").read_text(encoding="utf-8"))["evidence"]
    assert heard["kind"] == "spectrogram"  # the other stream is silent


@pytest.mark.parametrize("streams", [("--streams", "frames,audio"), ()], ids=" ".join)
def test_a_stream_that_no_video_has_is_refused(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, table: Path, streams: tuple[str, ...]
) -> None:
    command: tuple[str | Path, ...] = (table, *streams, "--rate", "1", "--audio-stream", "2", "--quiet")
    for ended in (call(capfd, "train", *command, "-o", tmp_path / "m.safetensors"), call(capfd, "evaluate", *command)):
        assert ended.status == 2
        problem = "no video has audio stream 2; leave it out, or give the number of another one"
        assert ended.errors.splitlines()[-1] == f"error: --audio-stream: {problem}"
    assert not (tmp_path / "m.safetensors").exists()
