"""Leaving out what no sample needs changes no sample: the same pixels as a reader that decodes everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from corpus import Recipe, read_number, write_video
from video.in_process import REQUESTS, plain, samples
from vidlabel.errors import DecodeError
from vidlabel.video.decoders.pyav import PyavReader
from vidlabel.video.decoders.selection import skipping_refusal
from vidlabel.video.decoders.skip_plan import plan_omission
from vidlabel.video.decoders.skipping import SkippingReader
from vidlabel.video.probe import probe
from vidlabel.video.request import SampleRequest

VideoMaker = Callable[[str], Path]

X264 = {
    "pyramid": "keyint=24:bframes=8:b-pyramid=normal:b-adapt=0",
    "strict pyramid": "keyint=24:bframes=5:b-pyramid=strict:b-adapt=0",
    "open": "keyint=12:bframes=3:open-gop=1:b-adapt=0",
    "no B-frames": "keyint=12:bframes=0",
    "refreshed in stripes": "keyint=12:intra-refresh=1:bframes=0",
    "all key": "keyint=1",
    "many references": "keyint=250:bframes=16:b-pyramid=normal:ref=8",
}
X265 = {
    "pyramid": "keyint=24:bframes=8:b-pyramid=1:open-gop=0",
    "open": "keyint=12:min-keyint=12:bframes=4:open-gop=1",
    "leading pictures": "keyint=12:min-keyint=12:bframes=4:open-gop=0:radl=2",
}


def moving(path: Path, codec: str, parameters: str) -> Path:
    """Two and a half seconds in which noise moves under the numbers, so that pictures refer to each other."""
    noise = np.random.default_rng(0).integers(0, 60, (200, 400, 3), np.uint8)

    def stored(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        offset = int(picture[:, :, 0].mean())
        shifted = noise[offset % 70 : offset % 70 + 120, offset : offset + 160]
        noisy: npt.NDArray[np.uint8] = np.where(picture > 128, picture - shifted, picture + shifted)
        return noisy

    options = {"preset": "veryfast", f"{codec[3:]}-params": f"log-level=none:scenecut=0:{parameters}"}
    return write_video(path, Recipe(codec=codec, options=options, stored=stored))


@pytest.mark.parametrize(
    ("codec", "parameters"),
    [*(("libx264", text) for text in X264.values()), *(("libx265", text) for text in X265.values())],
    ids=[*(f"x264 {name}" for name in X264), *(f"x265 {name}" for name in X265)],
)
def test_pictures_are_those_of_a_reader_that_decodes_everything(codec: str, parameters: str, tmp_path: Path) -> None:
    found = probe(moving(tmp_path / "a.mp4", codec, parameters))
    for request in REQUESTS:
        assert skipping_refusal(found, request) is None
        readers = PyavReader(found, request), SkippingReader(found, request)
        everything, skipped = (plain(list(reader.pictures())) for reader in readers)
        assert len(skipped) >= 3
        assert skipped == everything
        if parameters != X264["refreshed in stripes"]:
            assert readers[1].stats.frames < readers[0].stats.frames


def test_groups_without_samples_are_not_decoded(tmp_path: Path) -> None:
    found = probe(moving(tmp_path / "a.mkv", "libx264", X264["no B-frames"]))
    reader = SkippingReader(found, SampleRequest(rate=1, short_side=160, start_s=1.0))
    assert [read_number(picture.rgb) for picture in reader.pictures()] == [25, 50]
    # Groups start at every twelfth picture: 24 and 25 are decoded, and 48 to 50.
    assert reader.stats.frames == 5


def test_an_open_group_is_decoded_with_the_one_before_it(tmp_path: Path) -> None:
    found = probe(moving(tmp_path / "a.mp4", "libx264", X264["open"]))
    assert found.packets.key.sum() > found.packets.restarts.sum() == 1
    plan = plan_omission(found, SampleRequest(rate=1, short_side=160, start_s=1.0))
    assert not plan.left_out[:25].any()


@pytest.mark.parametrize("name", ["pyramid", "many references"])
def test_threads_of_the_decoder_change_no_picture(name: str, tmp_path: Path) -> None:
    found = probe(moving(tmp_path / "a.mp4", "libx264", X264[name]))
    for request in REQUESTS:
        readers = (SkippingReader(found, replace(request, threads=threads)) for threads in (1, 2, 4))
        alone, two, four = (plain(list(reader.pictures())) for reader in readers)
        assert alone == two == four


@pytest.mark.parametrize(
    ("codec", "parameters"),
    [("libx264", "interlaced=1:bframes=3"), ("libx265", "temporal-layers=3:bframes=7:b-adapt=0")],
)
def test_pictures_that_others_may_refer_to_are_kept(codec: str, parameters: str, tmp_path: Path) -> None:
    """Fields are referred to one by one, and pictures of higher temporal layers refer to what FFmpeg calls NONREF."""
    request = SampleRequest(rate=2, short_side=160)
    assert skipping_refusal(probe(moving(tmp_path / "a.mp4", codec, parameters)), request) == "codec"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("closed.mp4", None),
        ("hevc.mp4", None),
        ("turned90.mp4", None),
        ("closed.ts", "container mpegts"),
        ("h264_b.avi", "container avi"),
        ("vp9.webm", "codec"),
        ("edit_list.mp4", "edit list"),
    ],
)
def test_files_that_are_not_plain_are_decoded_whole(name: str, reason: str | None, video: VideoMaker) -> None:
    assert skipping_refusal(probe(video(name)), SampleRequest(rate=2, short_side=160)) == reason
    assert skipping_refusal(probe(video(name)), SampleRequest(rate=25, short_side=160)) is not None


def damaged(source: Path, target: Path, packets: range, filling: bytes = b"\xff") -> Path:
    """A copy in which a byte fills the first unit of some packets, but for its length, type and header."""
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        for number, packet in enumerate(container.demux(video=0)):
            if number in packets and packet.pos is not None:
                length = int.from_bytes(data[packet.pos : packet.pos + 4], "big")
                data[packet.pos + 12 : packet.pos + 4 + length] = filling * (length - 8)
    target.write_bytes(data)
    return target


def test_at_damage_a_reader_that_decodes_everything_goes_on(video: VideoMaker, tmp_path: Path) -> None:
    path = damaged(video("closed.mp4"), tmp_path / "damaged.mp4", range(26, 35))
    with pytest.raises(DecodeError):
        list(SkippingReader(probe(path), SampleRequest(rate=2, short_side=160)).pictures())
    stream = samples(path, rate=2, short_side=160)
    everything = PyavReader(probe(path), SampleRequest(rate=2, short_side=160))
    assert [sample.rgb.tobytes() for sample in stream] == [p.rgb.tobytes() for p in everything.pictures()]
    report = stream.report
    assert report.decoder == "pyav: skipping frames meets damage, from 0.520 s on"
    assert report.decode_errors == everything.stats.decode_errors > 0
    assert report.decoded_ratio < 1


def test_damage_that_no_sample_needs_is_not_looked_for(video: VideoMaker, tmp_path: Path) -> None:
    path = damaged(video("closed.mp4"), tmp_path / "damaged.mp4", range(52, 60))  # The last sample is picture 50.
    stream = samples(path, rate=2, short_side=160)
    assert [read_number(sample.rgb) for sample in stream] == [0, 13, 25, 38, 50]
    assert (stream.report.decode_errors, stream.report.decoded_ratio) == (0, 1.0)
    everything = PyavReader(probe(path), SampleRequest(rate=2, short_side=160))
    list(everything.pictures())
    assert everything.stats.decode_errors > 0


def test_a_hole_is_seen_where_no_sample_needs_it_too(video: VideoMaker, tmp_path: Path) -> None:
    path = damaged(video("closed.mp4"), tmp_path / "damaged.mp4", range(52, 60), filling=b"\0")
    stream = samples(path, rate=2, short_side=160)
    assert [read_number(sample.rgb) for sample in stream] == [0, 13, 25, 38, 50]
    assert stream.report.decoder == "pyav: skipping frames meets damage, from 1.520 s on"
    assert stream.report.decode_errors > 0


def test_a_file_that_changed_is_not_read_on(video: VideoMaker, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(video("closed.mp4").read_bytes())
    found = probe(path)
    path.write_bytes(video("from_100s.mp4").read_bytes())
    with pytest.raises(DecodeError, match="meets another file"):
        list(SkippingReader(found, SampleRequest(rate=2, short_side=160)).pictures())
