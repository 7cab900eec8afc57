"""Chains of pieces that break off: what lies behind is counted as lost, and a whole file lacks nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from corpus import Recipe, write_video
from vidlabel.video.damage.truncation import gif_readable_bytes, matroska_readable_bytes
from vidlabel.video.probe import probe

RECIPES = {
    "a.mkv": Recipe(frames=75, options={"x264-params": "keyint=25:min-keyint=25"}),
    "live.mkv": Recipe(frames=75, container_options={"live": "1"}),
    "a.webm": Recipe(codec="libvpx-vp9", frames=75, options={"deadline": "realtime", "cpu-used": "8"}),
    "a.gif": Recipe(codec="gif", pixels="rgb8", frames=75),
    "a.mp4": Recipe(
        frames=75,
        options={"x264-params": "keyint=25:min-keyint=25"},
        container_options={"movflags": "frag_keyframe+empty_moov+default_base_moof"},
    ),
}
Filling = Callable[[int], bytes]


def filled(path: Path, target: Path, first: int, filling: Filling) -> Path:
    """A copy in which something else fills all from a packet on to the end, and the headers before that packet."""
    with av.open(str(path)) as container:
        place = [packet.pos for packet in container.demux(video=0) if packet.size][first]
    assert place is not None
    start, data = place - 8, path.read_bytes()
    target.write_bytes(data[:start] + filling(len(data) - start))
    return target


@pytest.mark.parametrize("name", RECIPES)
def test_whole_files_lack_nothing(name: str, tmp_path: Path) -> None:
    assert not probe(write_video(tmp_path / name, RECIPES[name])).truncated


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "a.mp4"])
@pytest.mark.parametrize("filling", [bytes, random.Random(0).randbytes], ids=["zeros", "noise"])
def test_a_file_of_full_length_whose_end_is_lost_is_reported(name: str, filling: Filling, tmp_path: Path) -> None:
    whole = write_video(tmp_path / name, RECIPES[name])
    found = probe(filled(whole, tmp_path / f"lost-{name}", 40, filling))
    assert found.truncated
    assert found.frames < 60
    assert found.promised_duration > found.duration


@pytest.mark.parametrize("part", [b"moof", b"trun"])
def test_a_last_fragment_whose_head_is_lost_is_reported(part: bytes, tmp_path: Path) -> None:
    data = bytearray(write_video(tmp_path / "a.mp4", RECIPES["a.mp4"]).read_bytes())
    start = data.rindex(part)
    data[start : data.index(b"mdat", start) - 4] = bytes(data.index(b"mdat", start) - 4 - start)
    path = tmp_path / "lost.mp4"
    path.write_bytes(data)
    found = probe(path)
    assert found.frames < 75
    assert found.frames + found.missing_packets == pytest.approx(75, abs=5)


def test_what_follows_the_last_block_is_no_loss(tmp_path: Path) -> None:
    for name, reach in (("a.gif", gif_readable_bytes), ("a.mkv", matroska_readable_bytes)):
        path = write_video(tmp_path / name, RECIPES[name])
        path.write_bytes(path.read_bytes() + b"appended" * 500)
        assert reach(path, path.stat().st_size) == (path.stat().st_size, 0)


def test_a_gif_that_was_cut_off_is_reported(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.gif", RECIPES["a.gif"])
    path.write_bytes(path.read_bytes()[:-1])
    assert gif_readable_bytes(path, path.stat().st_size)[1] == 1
    assert probe(path).missing_packets == 1


@pytest.mark.parametrize("name", ["a.mkv", "a.gif"])
def test_any_bytes_come_to_an_answer(name: str, tmp_path: Path) -> None:
    data = write_video(tmp_path / name, RECIPES[name]).read_bytes()[:3000]
    chance = random.Random(name)
    path = tmp_path / "changed"
    for _ in range(200):
        changed = bytearray(data)
        for _ in range(10):
            changed[chance.randrange(len(data))] = chance.choice([0, 1, 255, chance.randrange(256)])
        path.write_bytes(changed[: chance.randrange(1, len(data))])
        size = path.stat().st_size
        reached, lost = matroska_readable_bytes(path, size) if name == "a.mkv" else gif_readable_bytes(path, size)
        assert 0 < reached <= size
        assert lost >= 0
