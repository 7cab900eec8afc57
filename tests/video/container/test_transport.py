"""Transport streams whose video goes on under another identifier or in another codec."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from corpus import Recipe
from video.joined_parts import FRAMES, X264, X265, frames, joined, part, shown, write_tracks
from vidlabel.video.container.recording import Recording
from vidlabel.video.container.transport import is_scrambled, stream_changes

H264 = Recipe(options=X264)
MPEG2 = Recipe(codec="mpeg2video", b_frames=2)
HEVC = Recipe(codec="libx265", options=X265)
OTHER = Recipe(options=X264, container_options={"mpegts_start_pid": "0x200"})
THIRD = Recipe(codec="mpeg2video", container_options={"mpegts_start_pid": "0x300"})
PROGRAMME = Recipe(
    options=X264,
    container_options={"mpegts_service_id": "7", "mpegts_pmt_start_pid": "0x500", "mpegts_start_pid": "0x200"},
)


@pytest.mark.parametrize(
    "recipes", [(H264, OTHER), (H264, OTHER, THIRD), (H264, OTHER, H264), (H264, PROGRAMME), (MPEG2, OTHER)]
)
def test_video_that_goes_on_under_another_identifier_is_read_on(recipes: tuple[Recipe, ...], tmp_path: Path) -> None:
    path = joined(tmp_path, "a.ts", *(part(tmp_path, "a.ts", n, recipe) for n, recipe in enumerate(recipes)))
    found, report = shown(path)
    assert found == frames(*range(len(recipes) * FRAMES))
    assert report.duration_s == pytest.approx(len(recipes) * FRAMES / 25)
    assert (report.decoded_ratio, report.decode_errors) == (1.0, 0)


@pytest.mark.parametrize(("first", "second"), [(MPEG2, H264), (H264, MPEG2), (H264, HEVC)])
def test_what_follows_a_change_of_codec_is_a_hole(first: Recipe, second: Recipe, tmp_path: Path) -> None:
    path = joined(tmp_path, "a.ts", part(tmp_path, "a.ts", 0, first), part(tmp_path, "a.ts", 1, second))
    found, report = shown(path)
    assert found == frames(*range(FRAMES))
    assert report.decoded_ratio == pytest.approx(0.5)
    ((start, end),) = report.holes
    assert (start, end) == pytest.approx((FRAMES / 25, 2 * FRAMES / 25))
    assert any("in another codec" in warning for warning in report.warnings)


def test_a_stream_that_comes_back_to_its_codec_is_read_on(tmp_path: Path) -> None:
    parts = [part(tmp_path, "a.ts", n, recipe) for n, recipe in enumerate((H264, MPEG2, H264))]
    found, report = shown(joined(tmp_path, "a.ts", *parts))
    assert found == frames(*range(FRAMES), *range(2 * FRAMES, 3 * FRAMES))
    assert report.decoded_ratio == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "second",
    [
        Recipe(options=X264, width=320, height=240),
        Recipe(options=X264, pixels="yuv444p"),
        Recipe(options={"preset": "veryfast", "profile": "baseline"}),
    ],
)
def test_a_stream_may_change_its_size_pixels_and_profile(second: Recipe, tmp_path: Path) -> None:
    path = joined(tmp_path, "a.ts", part(tmp_path, "a.ts", 0, H264), part(tmp_path, "a.ts", 1, second))
    found, report = shown(path)
    assert found == frames(*range(2 * FRAMES))
    assert report.decoded_ratio == 1.0


def test_programmes_side_by_side_do_not_continue_each_other(tmp_path: Path) -> None:
    tracks = [{n: n for n in range(FRAMES)}, {n: 50 + n for n in range(FRAMES)}]
    path = write_tracks(tmp_path / "a.ts", tracks)
    found, report = shown(path)
    assert found == frames(*range(FRAMES))
    assert report.warnings == ()


def test_a_change_within_a_large_file_is_found_by_samples_of_it(tmp_path: Path) -> None:
    first, second = part(tmp_path, "a.ts", 0, H264), part(tmp_path, "a.ts", 1, OTHER)
    copies = 24_000_000 // len(first)
    data = first * copies + second * copies
    (change,) = [r.start for r in stream_changes(Path("a.ts"), BytesIO(data), len(data), 0x100) if r.start]
    assert len(first) * copies <= change < len(first) * copies + 1000
    assert stream_changes(Path("a.ts"), BytesIO(first * copies), len(first) * copies, 0x100) == (
        Recording(Path("a.ts")),
    )


@pytest.mark.parametrize("lead", [0, 4])
def test_a_change_is_found_whatever_the_shape_of_packets(lead: int, tmp_path: Path) -> None:
    data = part(tmp_path, "a.ts", 0, H264) + part(tmp_path, "a.ts", 1, OTHER)
    shaped = b"".join(bytes(lead) + data[place : place + 188] for place in range(0, len(data), 188))
    first, second = stream_changes(Path("a.m2ts"), BytesIO(shaped), len(shaped), 0x100)
    assert second.start % (188 + lead) == 0
    assert (first.start, second.link) == (0, "clock")


def test_a_table_whose_check_sum_is_wrong_changes_nothing(tmp_path: Path) -> None:
    data = bytearray(part(tmp_path, "a.ts", 0, H264))
    kind = data.rindex(b"\x1b\xe1\x00")
    data[kind] = 0x02
    assert len(stream_changes(Path("a.ts"), BytesIO(data), len(data), 0x100)) == 1


def test_scrambled_packets_are_seen(tmp_path: Path) -> None:
    data = bytearray(part(tmp_path, "a.ts", 0, H264))
    assert not is_scrambled(BytesIO(data))
    for place in range(0, len(data), 188):
        if data[place + 1] & 0x1F == 1 and not data[place + 2]:
            data[place + 3] |= 0x80
    assert is_scrambled(BytesIO(data))
    assert not is_scrambled(BytesIO(b"noise" * 1000))
