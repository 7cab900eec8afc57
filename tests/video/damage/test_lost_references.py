"""Pictures lost on the way: found by their numbers, with all that refers to them, and never where none is lost."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.packet import Packet
from av.video.stream import VideoStream

from corpus import Recipe, read_number, write_video
from h264 import HIGH, IDR, OTHER_LAYER, PARTITION, PREFIX, B, I, Stream, recovery_point, with_start_codes
from video.in_process import samples
from vidlabel.video.container.packets import NO_TIME
from vidlabel.video.damage.lost_references import ReferenceScan
from vidlabel.video.probe import probe

FRAMES = 60
PLAIN = Stream()


def units_of(picture: str, stream: Stream) -> tuple[list[bytes], bool]:
    """The units of a picture, and whether it is a key frame.

    A letter and its number: I refreshes, P and B are referred to, p and b are not; K is a key frame that refreshes
    nothing, R one of which decoding is right again three references later; F is a field; M begins numbering again;
    D has two slices, s is a later slice, A has partitions, V another view behind a slice.
    """
    kind, number = picture[0], int(picture[1:])
    units = {
        "I": [stream.slice(number, I, IDR)],
        "P": [stream.slice(number)],
        "p": [stream.slice(number, importance=0)],
        "B": [stream.slice(number, B)],
        "b": [stream.slice(number, B, importance=0)],
        "K": [recovery_point(0), stream.slice(number, I)],
        "R": [recovery_point(3), stream.slice(number)],
        "k": [stream.slice(number, I)],
        "F": [stream.slice(number, is_field=True)],
        "M": [stream.slice(number, resets=True)],
        "D": [stream.slice(number), stream.slice(number, first_block=40)],
        "s": [stream.slice(number, first_block=40)],
        "A": [stream.slice(number, unit=PARTITION), b"\x43\x80", b"\x44\x80"],
        "V": [bytes([PREFIX | 0x60, 1]), stream.slice(number), bytes([OTHER_LAYER | 0x60, 1, 2])],
    }
    return units[kind], kind in "IKRk"


def losses(text: str, stream: Stream = PLAIN, timed: bool = True) -> tuple[list[int], list[int]]:
    """Before which packets pictures are lost, and which are spoilt, of pictures in the order in which they lie.

    Each is shown one frame after the one before; `-` is a frame that is not there.
    """
    scan, times = ReferenceScan(with_start_codes(stream.sequence(), stream.picture())), []
    for time, picture in enumerate(text.split()):
        if picture != "-":
            units, is_key = units_of(picture, stream)
            packet = cast("Packet[VideoStream]", Packet(with_start_codes(*units)))
            packet.is_keyframe = is_key
            scan.add(packet)
            times.append(time if timed else NO_TIME)
    result = scan.result(np.array(times, np.int64))
    return list(result.before), np.flatnonzero(result.spoilt).tolist()


NOTHING: tuple[list[int], list[int]] = ([], [])


@pytest.mark.parametrize("timed", [True, False])
def test_a_missing_number_spoils_all_up_to_the_next_refresh(timed: bool) -> None:
    assert losses("I0 P1 P2 - P4 P5 b6 I0 P1", timed=timed) == ([3], [3, 4, 5])
    assert losses("I0 P1 P2 - P4 P5 - - P8 I0 P1 - P3", timed=timed) == ([3, 5, 8], [3, 4, 5, 8])
    assert losses("I0 P1 b2 b2 - p3 p3 P3 P4", timed=timed) == ([4], [4, 5, 6, 7])
    assert losses("P14 P15 P0 P1 - P3", timed=timed) == ([4], [4])  # Numbers go round; what was before is not known.


@pytest.mark.parametrize(
    "text",
    [
        "I0 P1 b2 b2 P2 B3 b4 b4 P4 P5 I0 P1",
        "I0 " + " ".join(f"P{number % 16}" for number in range(1, 40)) + " I0 I0 P1",
        "P7 P8 P9 I0 P1",
        "I0 - - - P1 - - b2 P2",  # Nothing moved.
        "I0 P1 b2 - P2",  # Lost, but nothing refers to it.
        "I0 P1 P1 P2 P2 P3",  # Pictures that are there twice,
        "I0 P1 s1 s1 P2 s2 - s2",  # slices that are packets of their own.
        "I0 D1 D2 D3",
        "I0 A1 A2 V3 V4 A5",
        "I0 P1 M2 P1 P2 M3 b1 P1",
        "I0 K1 P2 K3 k4 P5",
    ],
)
def test_whole_streams_lack_nothing(text: str) -> None:
    assert losses(text) == losses(text, timed=False) == NOTHING


def test_fields_share_a_number() -> None:
    stream = Stream(HIGH, has_fields=True, bottom_order=True)
    assert losses("I0 F0 F1 F1 P2 F3 F3", stream) == NOTHING
    assert losses("I0 F0 F1 F1 - - F3 F3 I0 F0", stream) == ([4], [4, 5])


def test_where_numbers_may_be_missing_none_is_missed() -> None:
    assert losses("I0 P2 P4 - P8 P10 I0 P2", Stream(allows_gaps=True)) == NOTHING


def test_numbers_begin_again_after_one_operation_only() -> None:
    assert losses("I0 P1 M2 - P2 P3") == ([3], [3, 4])
    assert losses("I0 P1 P2 - P1 P2") == ([3], [3, 4])


def test_a_number_that_is_there_twice_is_a_loss_where_time_leaps() -> None:
    """A refresh is lost, and the group after it has come as far as the one before."""
    assert losses("I0 P1 - P1 P2 I0") == ([2], [2, 3])
    assert losses("I0 P1 P1 P2 I0") == NOTHING


def group(count: int, lost: range = range(0)) -> str:
    """A refresh and its pictures, of which some are not there."""
    return " ".join("-" if number in lost else f"P{number % 16}" if number else "I0" for number in range(count))


def test_a_loss_over_a_whole_round_of_numbers_is_seen_where_its_group_lacks_as_many_pictures() -> None:
    whole, short = group(24), group(24, range(3, 19))
    assert losses(f"{whole} {short} {whole} {whole}") == ([27], list(range(27, 32)))
    assert losses(f"{whole} {whole} {whole} {short}") == NOTHING  # How long the last one is nobody knows.
    other = group(24, range(5, 7))
    assert losses(f"{whole} {short} {other} {whole}") == ([27, 37], [*range(27, 32), *range(37, 54)])
    assert losses(f"{whole} {short} {whole} {whole}", Stream(allows_gaps=True)) == NOTHING
    assert losses(f"{whole} {short} {whole} {whole}".replace("P2", "P2 b3 b3", 1)) == NOTHING
    without_key_frame = "- " * 16 + group(24).removeprefix(group(16))
    assert losses(f"{whole} {without_key_frame} {whole} {whole}") == ([24], list(range(24, 32)))
    gradual = [f"{'P' if number % 24 else 'R'}{number % 16}" for number in range(96)]
    gradual[27:43] = ["-"] * 16
    assert losses(" ".join(gradual)) == ([27], list(range(27, 35)))


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("count", [16, 24, 250])
def test_a_pause_as_long_as_a_round_of_numbers_is_no_loss(rounds: int, count: int) -> None:
    """Nothing moved, and the encoder went on counting: no header differs from those around a loss."""
    paused = group(count).replace("P3", " - " * 16 * rounds + "P3", 1)
    regular = " ".join([group(count)] * 3 + [paused, paused, "I0 P1"])
    for text in (paused, f"{group(count)} {paused} {group(9)}", regular):
        assert losses(text) == NOTHING
    # Scenes begin with key frames.
    assert losses(f"{group(40)} {group(24)} {paused} {group(13)} {group(40)} {group(40)}") == NOTHING


def test_the_key_frame_of_an_open_group_is_right_and_what_is_shown_before_it_is_not() -> None:
    assert losses("I0 P1 - P3 K4 b5 b5 P5 b6 K6 b7") == ([2], [2, 4, 5])
    assert losses("I0 P1 - K3 b4 B4 b5 P5") == ([2], [3, 4, 5])
    assert losses("I0 P1 - K3 P4") == ([2], [])  # Nothing is wrong, but something is missing.
    assert losses("I0 P1 K3 P4 k9 P10") == NOTHING  # Parts of recordings that were joined.
    assert losses("I0 P1 - P3 k4 P5") == ([2], [2])  # A key frame by what the container says of it.


def test_a_gradual_refresh_is_waited_for() -> None:
    assert losses("I0 - P2 P3 R4 P5 P6 P7 P8") == ([1], [1, 2, 3, 4, 5])
    assert losses("I0 R1 P2 - P4 P5 R6 P7 P8 P9 P10") == ([3], [3, 4, 5, 6, 7])
    assert losses("I0 R1 P2 P3 P4 - P6 R7 P8 - P10 P11") == ([5, 8], [5, 6, 7, 8, 9])


def test_an_encoder_that_counts_in_a_way_of_its_own_is_left_alone() -> None:
    """Pictures that none refers to are counted too, as if others did."""
    own = "I0 " + " ".join(f"P{number % 16} b{(number + 1) % 16}" for number in range(1, 60, 2))
    assert losses(own) == losses(own, timed=False) == NOTHING
    assert losses(own.replace("b8", "- -", 1)) == NOTHING
    same = "I0 " + " ".join("P1" for _ in range(30)) + " - - " + " ".join("P1" for _ in range(30))
    assert losses(same) == losses(same, timed=False) == NOTHING


def test_many_losses_are_no_way_to_count_where_time_tells_of_them() -> None:
    text = "I0 " + " ".join("-" if number % 5 == 0 else f"P{number % 16}" for number in range(1, 60))
    assert losses(text) == (list(range(5, 46, 4)), list(range(5, 49)))


def test_what_cannot_be_read_is_no_gap() -> None:
    other = Stream(picture_id=5)
    scan = ReferenceScan(None)
    for number in (1, 5, 9):
        scan.add(cast("Packet[VideoStream]", Packet(with_start_codes(other.slice(number)))))
    for data in (b"\0", bytes(20), b"\0\0\1\x41", b"\0\0\1\x67\0"):
        scan.add(cast("Packet[VideoStream]", Packet(data)))
    result = scan.result(np.arange(7))
    assert result.before == ()
    assert not result.spoilt.any()


def test_parameters_may_change_on_the_way() -> None:
    scan = ReferenceScan(with_start_codes(PLAIN.sequence(), PLAIN.picture()))
    longer = Stream(HIGH, number_bits=12, sequence_id=2, picture_id=0)
    packets = [[PLAIN.slice(0, I, IDR)], [PLAIN.slice(1)]]
    packets += [[longer.sequence(), longer.picture(), longer.slice(0, I, IDR)]]
    packets += [[longer.slice(number)] for number in (*range(1, 20), 21)]
    for units in packets:
        scan.add(cast("Packet[VideoStream]", Packet(with_start_codes(*units))))
    assert scan.result(np.arange(len(packets))).before == (len(packets) - 1,)


def x264(**options: object) -> dict[str, str]:
    settings = {"keyint": 20, "min-keyint": 20, "scenecut": 0, "b-adapt": 0, "repeat-headers": 1, **options}
    text = ":".join(f"{name.replace('_', '-')}={value}" for name, value in settings.items())
    return {"preset": "veryfast", "x264-params": text}


VARIANTS: dict[str, tuple[str, dict[str, str]]] = {
    "p": (".mp4", x264(bframes=0)),
    "b": (".mkv", x264(bframes=3)),
    "pyramid": (".ts", x264(bframes=5, b_pyramid="normal", ref=5)),
    "open": (".flv", x264(bframes=3, open_gop=1)),
    "slices": (".ts", x264(bframes=2, slices=4, aud=1, nal_hrd="vbr", vbv_maxrate=900, vbv_bufsize=900)),
    "refresh": (".mkv", x264(bframes=0, intra_refresh=1)),
    "fields": (".mp4", x264(bframes=2, tff=1)),
    "intra": (".mp4", x264(keyint=1, **{"min-keyint": 1})),
    "never again": (".mov", x264(keyint="infinite", bframes=2)),
    "weights": (".mp4", x264(bframes=3, weightp=2, sps_id=4)),
    "avi": (".avi", x264(bframes=0)),
    "raw": (".h264", x264(bframes=2)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


def recording(folder: Path, name: str, without: Collection[int] = ()) -> Path:
    """Sixty pictures, of which some packets were lost on the way to the recorder."""
    suffix, options = VARIANTS[name]
    container = ".mp4" if suffix == ".mkv" and without else suffix  # Matroska keeps no decoding times to write again.
    whole = folder / f"{name}{container}"
    if not whole.exists():
        write_video(whole, Recipe(options=options, rate=Fraction(25)))
    if not without:
        return whole
    path = folder / f"{name} without {min(without)} to {max(without)}{suffix}"
    with av.open(str(whole)) as source, av.open(str(path), "w") as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        packets = (packet for packet in source.demux(stream) if packet.size)
        for number, packet in enumerate(packets):
            if packet.dts is None:  # A raw stream: times only order what is written.
                packet.pts = packet.dts = number
            packet.stream = copy
            if number not in without:
                sink.mux(packet)
    return path


@pytest.mark.parametrize("name", VARIANTS)
def test_whole_recordings_are_whole(name: str, folder: Path) -> None:
    stream = samples(recording(folder, name), rate=25, short_side=160)
    assert [(round(sample.time_s * 25), read_number(sample.rgb)) for sample in stream] == [(i, i) for i in range(60)]
    assert (stream.report.decode_errors, stream.report.holes, stream.report.warnings) == (0, (), ())


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in ("intra", "raw")])
@pytest.mark.parametrize("lost", [range(25, 28), range(29, 34), range(16, 22)])
def test_no_picture_is_shown_that_refers_to_a_lost_one(name: str, lost: range, folder: Path) -> None:
    """At packets 20 and 40 decoding starts anew, where it does."""
    stream = samples(recording(folder, name, lost), rate=25, short_side=160)
    shown = [(round(sample.time_s * 25), read_number(sample.rgb)) for sample in stream]
    assert all(time == number for time, number in shown)
    numbers = {number for _, number in shown}
    assert numbers >= set(range(lost.start - 6))
    restart = {"never again": FRAMES, "refresh": FRAMES}.get(name, 20 if lost.stop <= 20 else 40)
    assert numbers >= set(range(restart, FRAMES))
    report = stream.report
    assert report.decode_errors > 0
    assert any(start * 25 <= lost.stop and end * 25 >= lost.stop + 1 for start, end in report.holes)
    assert report.decoded_ratio == pytest.approx(len(numbers) / FRAMES, abs=0.03)


@pytest.mark.parametrize("name", ["b", "pyramid", "fields", "weights", "slices"])
def test_a_lost_key_frame_spoils_its_group(name: str, folder: Path) -> None:
    """Whatever the numbers of the pictures around it are, of which some fit by chance."""
    for lost in (range(20, 21), range(20, 24), range(18, 25), range(17, 30), range(4, 37)):
        stream = samples(recording(folder, name, lost), rate=25, short_side=160)
        shown = [(round(sample.time_s * 25), read_number(sample.rgb)) for sample in stream]
        assert all(time == number for time, number in shown)
        assert any(start <= lost.stop / 25 and end == 40 / 25 for start, end in stream.report.holes)


@pytest.mark.parametrize(("bframes", "pause"), [(0, 50), (3, 50), (0, 16), (0, 32)])
def test_a_pause_is_no_loss(bframes: int, pause: int, tmp_path: Path) -> None:
    """Nothing moves for a while, in the middle of a group; numbers go round at 16."""
    times = [*range(30), *range(30 + pause, 60 + pause)]
    recipe = Recipe(options=x264(bframes=bframes), pts=times.__getitem__)
    stream = samples(write_video(tmp_path / "a.mkv", recipe), rate=25, short_side=160)
    shown = [(round(sample.time_s * 25), read_number(sample.rgb)) for sample in stream]
    assert shown == [(time, number) for number, time in enumerate(times)]
    assert (stream.report.decode_errors, stream.report.decoded_ratio, stream.report.holes) == (0, 1.0, ())


def test_parameters_may_change_outside_of_packets(tmp_path: Path) -> None:
    """FLV holds them apart, and FFmpeg gives new ones along with a packet; numbers of the second part are shorter."""
    data = b""
    for references, numbers in ((16, range(60)), (1, range(60, 68))):
        options = x264(bframes=0, ref=references, **{"repeat-headers": 0})
        part = write_video(tmp_path / f"{references}.flv", Recipe(options=options), numbers)
        data += part.read_bytes()[13 if data else 0 :]
    path = tmp_path / "joined.flv"
    path.write_bytes(data)
    found = probe(path)
    assert len(found.packets) == 68
    assert found.packets.holes == ()
    assert not found.packets.spoilt.any()


def test_an_intra_stream_loses_what_is_lost_only(folder: Path) -> None:
    stream = samples(recording(folder, "intra", range(20, 26)), rate=25, short_side=160)
    assert [read_number(sample.rgb) for sample in stream] == [*range(20), *range(26, 60)]
    assert stream.report.decode_errors == 0


def test_a_raw_stream_has_holes_too(folder: Path) -> None:
    """It has no times: pictures after the loss are as much too early as were lost."""
    stream = samples(recording(folder, "raw", range(26, 30)), rate=25, short_side=160)
    shown = [(round(sample.time_s * 25), read_number(sample.rgb)) for sample in stream]
    assert [number for _, number in shown[-20:]] == list(range(40, 60))
    assert all(0 <= number - time <= 4 for time, number in shown)
    assert stream.report.decode_errors > 0
    (hole,) = stream.report.holes
    assert hole[0] * 25 == pytest.approx(26, abs=2)
    assert hole[1] * 25 == pytest.approx(36, abs=1)
    assert stream.report.decoded_ratio == pytest.approx(len(shown) / (FRAMES - 4), abs=0.03)
