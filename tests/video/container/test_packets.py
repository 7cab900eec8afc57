"""The packet table takes faults of the clock out, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import pytest

from vidlabel.video.container.packets import NO_TIME, PacketTable, PacketTableBuilder, zeroed_test


@dataclass
class Packet:
    """What the table looks at of a packet."""

    pts: int | None
    dts: int | None
    is_keyframe: bool = False
    is_discard: bool = False
    is_corrupt: bool = False
    duration: int = 40
    size: int = 100


def table_of(packets: list[Packet], step: int = 40, least_jump: int = 1280) -> PacketTable:
    builder = PacketTableBuilder(Fraction(step), least_jump, None)
    for packet in packets:
        builder.add(packet)  # type: ignore[arg-type]
    return builder.build()


def regular(start: int, count: int) -> list[Packet]:
    """Packets with B-frames: decoding times ascend, presentation times come as 3, 1, 2."""
    shown = [start + 40 * (index // 3 * 3 + (2, 0, 1)[index % 3]) for index in range(count)]
    return [Packet(pts, start - 80 + 40 * index) for index, pts in enumerate(shown)]


def test_a_regular_clock_is_left_alone() -> None:
    packets = regular(500, 30)
    table = table_of(packets)
    assert table.pts.tolist() == [packet.pts for packet in packets]
    assert (table.jumps, table.repaired) == ((), False)


def test_a_gap_forward_is_a_gap() -> None:
    packets = regular(0, 30) + regular(100_000, 30)
    table = table_of(packets)
    assert table.pts.tolist() == [packet.pts for packet in packets]
    assert (table.jumps, table.repaired) == ((), False)


def test_what_is_joined_on_is_shown_right_after_the_last_frame_before_it() -> None:
    """Its decoder holds back no frame, so that decoding times go on two frames before showing does."""
    second = [Packet(40 * index, 40 * index, is_keyframe=index == 0) for index in range(30)]
    table = table_of(regular(0, 30) + second)
    assert sorted(table.pts.tolist()) == [40 * index for index in range(60)]
    assert table.jumps == (30,)


def test_times_at_which_nothing_can_be_are_none() -> None:
    table = table_of([Packet(0, 0), Packet(2**63 - 1, 2**63 - 1), Packet(80, 80), Packet(2**63 - 1, 120)])
    assert table.pts.tolist().count(NO_TIME) == 2


def test_a_clock_that_starts_again_goes_on() -> None:
    table = table_of(regular(5000, 30) + regular(0, 30) + regular(0, 30))
    assert sorted(table.pts.tolist()) == [5000 + 40 * index for index in range(90)]
    assert table.jumps == (30, 60)


def test_a_cluster_that_claims_a_false_time_is_put_back() -> None:
    packets = regular(0, 90)
    true = [packet.pts for packet in packets]
    for packet in packets[30:60]:
        packet.pts, packet.dts = (packet.pts or 0) + 70_000, (packet.dts or 0) + 70_000
    table = table_of(packets)
    assert table.pts.tolist() == true
    assert (table.jumps, table.repaired) == ((), True)


def test_missing_times_are_kept_as_missing() -> None:
    table = table_of([Packet(None, None), Packet(40, None), Packet(None, 80)])
    assert table.pts.tolist() == [NO_TIME, 40, NO_TIME]
    assert not table.all_timed


def test_ten_hours_at_sixty_frames_take_twenty_megabytes() -> None:
    table = table_of(regular(0, 3000))
    assert (table.pts.nbytes + table.flags.nbytes) / 3000 * 10 * 3600 * 60 < 20e6


@pytest.mark.parametrize(
    ("data", "is_zeroed"),
    [
        (b"\x65\x88" + bytes(512) + b"\x9a", True),
        (b"\x65\x88" + bytes(511) + b"\x9a", False),
        (b"\x65\x88" + bytes(2000), False),  # What fills up a stream of constant rate stands at the end
        (b"\x65\x88" + bytes(2000) + b"\x01\x41\x9a", False),  # or before a start code.
        (b"\x65\x88" + bytes(2000) + b"\x01\x41\x9a" + bytes(700) + b"\x12", True),
    ],
)
def test_zeros_within_a_unit_are_a_lost_part(data: bytes, is_zeroed: bool) -> None:
    test = zeroed_test("h264")
    assert test is not None
    assert test(cast("av.Packet[av.VideoStream]", av.Packet(data))) == is_zeroed


def test_pictures_that_are_stored_as_they_are_may_be_black() -> None:
    assert zeroed_test("rawvideo") is None
