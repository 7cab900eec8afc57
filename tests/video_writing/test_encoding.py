"""The MP4 that is written: whose fault an error is, and clocks that it can hold."""

from __future__ import annotations

import errno
from fractions import Fraction
from pathlib import Path

import av
import av.error
import pytest

from corpus import Recipe, read_number, write_video
from video_writing.sounding import H264
from vidlabel.errors import OutputError, VideoError
from vidlabel.video_writing import encoding
from vidlabel.video_writing.clip import write_clip
from vidlabel.video_writing.encoding import open_mp4
from vidlabel.video_writing.media import Media
from vidlabel.video_writing.span import TimeSpan


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, OutputError), (errno.EACCES, OutputError), (errno.EINVAL, VideoError)]
)
def test_a_full_disk_is_told_from_a_video_that_cannot_be_encoded(
    tmp_path: Path, number: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match="a reason"), open_mp4(tmp_path / "a.mp4"):
        raise av.error.FFmpegError(number, "a reason")


def test_a_folder_that_is_not_there_is_an_error_of_the_output(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", Recipe(options=H264, frames=10))
    with pytest.raises(OutputError, match="cannot be written"):
        write_clip(Media(video, lambda: None), TimeSpan(Fraction(0), Fraction(1, 5)), tmp_path / "gone" / "a.mp4")


def test_names_that_look_like_addresses_are_files(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", Recipe(options=H264, frames=10))
    for name in ("http:x.mp4", "a b%d.mp4", "ü\udcff.mp4"):
        write_clip(Media(video, lambda: None), TimeSpan(Fraction(0), Fraction(1, 5)), tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000


def test_mpeg4_takes_over_where_there_is_no_x264(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_H264", "no such encoder")
    for time_base in (None, Fraction(1, 90_000)):  # MPEG-4 has 65,535 ticks a second at most
        pts = None if time_base is None else (lambda index: index * 3600)
        video = write_video(tmp_path / "a.mp4", Recipe(options=H264, frames=20, time_base=time_base, pts=pts))
        path = tmp_path / "clip.mp4"
        write_clip(Media(video, lambda: None), TimeSpan(Fraction(1, 5), Fraction(3, 5)), path)
        with av.open(str(path)) as container:
            assert container.streams.video[0].codec_context.name == "mpeg4"
            frames = list(container.decode(video=0))
        assert [read_number(frame.to_ndarray(format="rgb24")) for frame in frames] == list(range(5, 15))  # type: ignore[arg-type]
        times = [float(frame.time) - float(frames[0].time) for frame in frames]
        assert times == pytest.approx([index / 25 for index in range(10)], abs=1e-4)
