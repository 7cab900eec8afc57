"""A small file is read once: what probing kept of it gives the same pictures as opening it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import pytest

from corpus import Recipe, write_video
from video.in_process import REQUESTS, plain
from vidlabel.errors import VideoError
from vidlabel.video.container import source as opened_module
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.session import DecodeSession
from vidlabel.video.decoders.skipping import SkippingReader
from vidlabel.video.probe import probe, probe_opened
from vidlabel.video.request import SampleRequest

VideoMaker = Callable[[str], Path]
BEYOND = SampleRequest(rate=2, short_side=160, start_s=60.0)


@pytest.mark.parametrize("name", ["closed.mp4", "h264.mkv", "from_100s.mkv", "open.mp4", "hevc.mp4", "turned90.mp4"])
def test_pictures_are_those_of_a_file_that_was_opened_again(name: str, video: VideoMaker) -> None:
    found = probe(video(name))
    for request in (*REQUESTS, BEYOND):
        with VideoSource(video(name)) as opened:
            assert probe_opened(opened).first_pts == found.first_pts
            reader = SkippingReader(found, request, opened)
            assert opened.handed_over
            kept = plain(list(reader.pictures()))
        assert kept == plain(list(SkippingReader(found, request).pictures()))


def test_packets_are_kept_that_a_demuxer_gives(video: VideoMaker) -> None:
    with VideoSource(video("closed.mp4")) as opened:
        probe_opened(opened)
        kept = opened.take_packets()
        assert opened.take_packets() is None, "a decoder can go on once"
    assert kept is not None
    with av.open(str(video("closed.mp4"))) as container:
        assert [bytes(packet) for packet in kept.packets] == [bytes(p) for p in container.demux(video=0) if p.size]
    assert len(kept.frames) == 1 <= kept.decoded < len(kept.packets)


def test_nothing_is_kept_of_a_large_file(video: VideoMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened_module, "MOST_KEPT_BYTES", video("closed.mp4").stat().st_size - 1)
    with VideoSource(video("closed.mp4")) as opened:
        probe_opened(opened)
        assert opened.take_packets() is None


def test_a_decoder_that_was_given_the_end_is_not_gone_on_with(tmp_path: Path) -> None:
    path = write_video(tmp_path / "one.mp4", Recipe(), [7])
    with VideoSource(path) as opened:
        probe_opened(opened)
        assert opened.first.frame is not None
        # Whether the only picture needs the end to come out is the codec's choice.
        assert (opened.take_packets() is None) == (opened.first.tried == 2)
    with VideoSource(path) as opened:
        reading = DecodeSession(opened, REQUESTS[0])
        assert len(list(reading.pictures())) == 1


@pytest.mark.parametrize("name", ["h264_b.avi", "vp9.webm", "closed.mp4"])
def test_a_file_that_is_read_in_another_way_is_let_go(name: str, video: VideoMaker) -> None:
    """Its decoder would hold pictures while another one decodes."""
    with VideoSource(video(name)) as opened:
        reading = DecodeSession(opened, replace(REQUESTS[0], threads=2))
        next(reading.pictures())
        assert not opened.handed_over
        with pytest.raises(AssertionError, match="not open"):
            next(opened.container.demux(opened.stream))


def test_what_is_no_video_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video" * 100)
    with pytest.raises(VideoError):
        VideoSource(tmp_path / "a.mp4")
