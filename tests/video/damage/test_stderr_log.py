"""Damage that decord conceals is noticed, and PyAV takes over."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from corpus import Recipe, read_number, write_video
from vidlabel.video.damage.stderr_log import DECORD_SIGNS, StderrLog
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import open_isolated_samples


def test_what_is_printed_into_a_file_is_heard_once(tmp_path: Path) -> None:
    before = os.dup(2)
    try:
        with (tmp_path / "noise").open("w+b") as file:
            os.dup2(file.fileno(), 2)
            log = StderrLog(DECORD_SIGNS)
            assert not log.has_new_errors()
            os.write(2, b"libdav1d 1.5.3")
            assert not log.has_new_errors()
            os.write(2, b"[h264 @ 0x5] error while decoding MB 17 6")
            assert [log.has_new_errors(), log.has_new_errors()] == [True, False]
    finally:
        os.dup2(before, 2)
        os.close(before)


def test_a_terminal_or_pipe_is_not_listened_to() -> None:
    reader, writer = os.pipe()
    before = os.dup(2)
    try:
        os.dup2(writer, 2)
        assert not StderrLog(DECORD_SIGNS).is_readable
    finally:
        os.dup2(before, 2)
        for descriptor in (before, reader, writer):
            os.close(descriptor)


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bits_make_a_result_partial_whatever_decodes(tmp_path: Path, seed: int) -> None:
    path = write_video(tmp_path / "a.mp4", Recipe(frames=48, width=224, height=224, gop=12))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat")
    size = int.from_bytes(data[start - 4 : start], "big")
    chance = random.Random(seed)
    for _ in range(6):  # in the second half of the pictures, so that the first ones tell the times
        data[start + chance.randrange(size // 2, size - 100)] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    with open_isolated_samples(path, SampleRequest(rate=25, decoder="auto")) as stream:
        shown = [(sample.time_s, sample.rgb) for sample in stream]
    assert stream.report.decode_errors > 0
    assert stream.report.decoder.startswith("pyav: decord ")
    # Pictures that refer to a damaged one may show an older number; those of the first half are whole.
    whole = [(time, _number(rgb)) for time, rgb in shown[:20]]
    assert whole == [(number / 25, number) for number in range(20)]


def _number(rgb: object) -> int | None:
    try:
        return read_number(rgb)  # type: ignore[arg-type]
    except ValueError:
        return None


@pytest.mark.parametrize(("name", "first"), [("hevc.mp4", 12), ("av1.mp4", 15)])
def test_frames_that_go_missing_without_an_error_are_told_and_leave_the_others_their_times(
    name: str, first: int, video: Callable[[str], Path], tmp_path: Path
) -> None:
    """Packets of nothing but zeros: the decoder passes over them, and over what refers to them."""
    data = bytearray(video(name).read_bytes())
    with av.open(str(video(name))) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pos is not None]
    hit = packets[first]
    assert hit.pos is not None
    # The length and the type of its unit stay where there are such.
    data[hit.pos + 6 : hit.pos + hit.size] = bytes(hit.size - 6)
    if name == "av1.mp4":
        data[hit.pos : hit.pos + hit.size] = bytes(hit.size)
    path = tmp_path / name
    path.write_bytes(data)
    with open_isolated_samples(path, SampleRequest(rate=25, short_side=160)) as stream:
        shown = [(sample.time_s, _number(sample.rgb)) for sample in stream]
    assert [(time, number) for time, number in shown if number is not None and time < number / 25 - 0.001] == []
    assert {number for _, number in shown} > set(range(12))
    assert stream.report.decode_errors > 0


def test_a_whole_file_is_left_to_decord(video: Callable[[str], Path]) -> None:
    with open_isolated_samples(video("closed.mp4"), SampleRequest(rate=25, short_side=160)) as stream:
        assert len(list(stream)) > 10
    assert (stream.report.decoder, stream.report.decode_errors) == ("decord", 0)
