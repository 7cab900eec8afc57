"""Copies of videos for browsers: frames that show their numbers, at the times that their maker states."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np
import pytest

from corpus import CATALOGUE, Recipe, read_number, write_video
from sounds import Clip, bursts_in, write_clip
from video.joined_parts import FRAMES, joined, part
from vidlabel.errors import DecodeError, VideoError
from vidlabel.video.preview.child import describe
from vidlabel.video.preview.encode import make_preview
from vidlabel.video.preview.messages import Describe, MakePreview, PreviewEnd, VideoDescription
from vidlabel.video.preview.process import copy_for_browsers, describe_video, preview_short_side


def described(path: Path) -> tuple[VideoDescription, list[float]]:
    """What is found out of a video in this process, and the times of its frames."""
    times = path.with_suffix(".times")
    found = describe(Describe(str(path), str(times), 0), lambda: None)
    return found, np.fromfile(times, "<f8").tolist()


def copied(path: Path, short_side: int = 120) -> tuple[PreviewEnd, list[float], Path]:
    """How copying a video in this process went, the times of its frames, and the copy."""
    copy, times = path.with_suffix(".copy.mp4"), path.with_suffix(".times")
    end = make_preview(MakePreview(str(path), str(copy), str(times), short_side, 0), lambda seconds: None, lambda: None)
    return end, np.fromfile(times, "<f8").tolist(), copy


def shown(copy: Path) -> list[tuple[float, int]]:
    """Time and number of each frame of a copy, as its own container has them."""
    with av.open(str(copy)) as container:
        time_base = container.streams.video[0].time_base
        assert time_base is not None
        frames = list(container.decode(video=0))
    return [
        (float((frame.pts or 0) * time_base), read_number(frame.to_ndarray(format="rgb24").astype(np.uint8)))
        for frame in frames
    ]


@pytest.mark.parametrize(
    "name", ["hevc.mp4", "mpeg4_b.avi", "vfr.mkv", "open.ts", "mpeg2.mpg", "turned90.mp4", "h264_b.avi", "closed.mp4"]
)
def test_a_copy_shows_the_frames_at_their_times(tmp_path: Path, name: str) -> None:
    painted = CATALOGUE[name]
    end, times, copy = copied(painted.write(tmp_path))
    wanted = [float(time_s) for time_s in painted.times]
    assert end == PreviewEnd(len(painted.numbers), ())
    assert times == pytest.approx(wanted, abs=1e-9)
    found = shown(copy)
    assert [time_s for time_s, _ in found] == pytest.approx(wanted, abs=1e-5)
    assert [number for _, number in found] == list(painted.numbers)


def test_a_copy_is_h264_that_begins_with_its_index(tmp_path: Path) -> None:
    _, _, copy = copied(CATALOGUE["hevc.mp4"].write(tmp_path))
    data = copy.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(copy)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert container.duration == pytest.approx(2.4e6, abs=1e3)


def test_a_copy_holds_all_recordings_of_a_file(tmp_path: Path) -> None:
    recipe = Recipe(suffix=".mp4", frames=FRAMES)
    path = joined(tmp_path, "two.mp4", *(part(tmp_path, "a.mp4", number, recipe) for number in range(2)))
    found, _ = described(path)
    assert "several recordings" in found.obstacle
    end, times, copy = copied(path)
    assert end.frames == 2 * FRAMES
    assert "joins 2 recordings" in end.warnings[0]
    assert times == pytest.approx([number / 25 for number in range(2 * FRAMES)])
    assert [number for _, number in shown(copy)] == list(range(2 * FRAMES))


@pytest.mark.parametrize("clip", [Clip(), Clip(codec="pcm_s16le", rate=8000, layout="mono"), Clip(video_from=0.5)])
def test_a_copy_keeps_the_sound_on_the_clock_of_the_pictures(tmp_path: Path, clip: Clip) -> None:
    _, _, copy = copied(write_clip(tmp_path / "clip.mkv", clip), 48)
    with av.open(str(copy)) as container:
        frames = list(container.decode(audio=0))
    first_s = float((frames[0].pts or 0) * (frames[0].time_base or 0))
    heard = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    ((start_s, end_s),) = bursts_in(heard, first_s)
    assert (start_s, end_s) == pytest.approx((1.0 - clip.video_from, 1.2 - clip.video_from), abs=0.07)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("closed.mp4", ""),
        ("vp9.webm", ""),
        ("av1.mp4", ""),
        ("vp8.webm", ""),
        ("h264.mkv", "do not play .mkv"),
        ("mpeg4.avi", "do not play .avi"),
        ("hevc.mp4", "do not play hevc"),
        ("prores.mov", "do not play prores"),
        ("turned0_mirrored.mp4", "other pictures"),
    ],
)
def test_browsers_play_common_files_as_they_are(tmp_path: Path, name: str, reason: str) -> None:
    found, times = described(CATALOGUE[name].write(tmp_path))
    assert reason in found.obstacle
    assert bool(reason) == bool(found.obstacle)
    assert times == pytest.approx([float(time_s) for time_s in CATALOGUE[name].times], abs=1e-9)


def test_a_file_that_begins_late_gets_a_copy(tmp_path: Path) -> None:
    found, times = described(write_video(tmp_path / "late.mp4", Recipe(frames=5, pts=lambda index: index + 25)))
    assert "does not lie at zero" in found.obstacle
    assert times[0] == 0


@pytest.mark.parametrize(
    ("size", "short_side"), [((640, 360), 360), ((1920, 1080), 480), ((1080, 1920), 270), ((61, 33), 32), ((2, 900), 2)]
)
def test_copies_have_480_lines_at_most(size: tuple[int, int], short_side: int) -> None:
    assert preview_short_side(*size) == short_side


def test_a_process_copies_and_shows_progress(tmp_path: Path) -> None:
    path = CATALOGUE["mpeg4.avi"].write(tmp_path)
    found = describe_video(path, tmp_path / "times", lambda: None)
    assert (found.width, found.height, found.duration_s) == (160, 120, 2.4)
    progress: list[float] = []
    end = copy_for_browsers(path, tmp_path / "a.mp4", tmp_path / "times", found, progress.append, lambda: None)
    assert end.frames == 60
    assert progress == sorted(progress)
    assert len(shown(tmp_path / "a.mp4")) == 60


def test_a_file_that_is_no_video_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.avi").write_bytes(b"RIFF" + bytes(5000))
    with pytest.raises(VideoError, match=r"a\.avi: "):
        describe_video(tmp_path / "a.avi", tmp_path / "times", lambda: None)


@pytest.mark.parametrize(
    ("deed", "problem"),
    [
        ("os.kill(os.getpid(), 11)", "ended by signal 11"),
        ("os._exit(77)", "ran out of memory"),
        ("import time; time.sleep(100)", "no sign of life for 1 s"),
        ("print('{}', flush=True)", "sent no JSON object with a type"),
    ],
)
def test_a_process_that_is_lost_costs_that_video(tmp_path: Path, deed: str, problem: str) -> None:
    command = (sys.executable, "-c", f"import os, sys; sys.stdin.readline(); {deed}")
    with pytest.raises(DecodeError, match=problem):
        describe_video(tmp_path / "a.mp4", tmp_path / "times", lambda: None, command, 1)


def test_the_owner_ends_a_process(tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    command = (sys.executable, "-c", "import time; time.sleep(100)")
    with pytest.raises(KeyboardInterrupt):
        describe_video(tmp_path / "a.mp4", tmp_path / "times", stop, command)
