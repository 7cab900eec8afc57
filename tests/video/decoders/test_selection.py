"""Which decoder reads a file, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from corpus import read_number
from vidlabel.video.decoders.selection import choose_reader, pyav_choice
from vidlabel.video.probe import probe
from vidlabel.video.request import Decoder, SampleRequest

VideoMaker = Callable[[str], Path]


@pytest.mark.parametrize(
    ("name", "asked", "decoder"),
    [
        ("closed.mp4", "auto", "pyav: frames that no sample needs are skipped"),
        ("closed.mp4", "decord", "decord"),
        ("closed.mp4", "pyav", "pyav: frames that no sample needs are skipped"),
        ("vp9.webm", "auto", "pyav: codec vp9"),
        ("vp9.webm", "pyav", "pyav"),
        ("open.ts", "auto", "pyav: container mpegts"),
        ("open.ts", "pyav", "pyav"),
        ("open.ts", "decord", "pyav: container mpegts"),
    ],
)
def test_the_cheapest_right_decoder_reads(video: VideoMaker, name: str, asked: Decoder, decoder: str) -> None:
    choice = choose_reader(probe(video(name)), SampleRequest(decoder=asked))
    assert choice.decoder == decoder
    assert bool(choice.warnings) == (asked == "decord" and decoder != "decord")
    assert all("container mpegts" in warning for warning in choice.warnings)


@pytest.mark.parametrize("decoder", ["decord", "pyav"])
def test_what_is_chosen_reads_the_file(video: VideoMaker, decoder: Decoder) -> None:
    reader = choose_reader(probe(video("closed.mp4")), SampleRequest(decoder=decoder, rate=5.0)).open()
    assert reader.name == decoder
    assert [read_number(picture.rgb) for picture in reader.pictures()] == list(range(0, 60, 5))
    reader.close()


def test_another_reader_goes_on_after_a_tick(video: VideoMaker) -> None:
    found = probe(video("closed.mp4"))
    choice = pyav_choice(found, SampleRequest(rate=5.0), "decord failed", after=found.frame_times()[20].item())  # type: ignore[index]
    assert choice.decoder == "pyav: decord failed"
    reader = choice.open()
    assert [read_number(picture.rgb) for picture in reader.pictures()] == list(range(25, 60, 5))
    reader.close()


def test_without_a_gpu_decoder_the_cpu_decodes_and_says_so(video: VideoMaker) -> None:
    choice = choose_reader(probe(video("open.ts")), SampleRequest(decoder="decord", decode_device="gpu"))
    assert choice.decoder == "pyav: container mpegts"  # which decord does not read on a GPU either
    assert [warning.partition(" ")[0] for warning in choice.warnings] == ["no", "decord"]
