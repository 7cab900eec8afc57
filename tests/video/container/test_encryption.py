"""Encrypted videos are refused by name, whatever the container."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus import Recipe, write_video
from vidlabel.errors import VideoError
from vidlabel.video.container.source import VideoSource

KEY = {"encryption_key": "00112233445566778899aabbccddeeff", "encryption_kid": "0123456789abcdef0123456789abcdef"}
CENC = {"encryption_scheme": "cenc-aes-ctr", **KEY}
VIDEO_TYPE, SOUND_TYPE = b"\x83\x81\x01", b"\x83\x81\x02"


def recipe(**options: str) -> Recipe:
    return Recipe(frames=5, container_options=options)


def element(name: str, *content: bytes) -> bytes:
    """An element of EBML."""
    body = b"".join(content)
    return bytes.fromhex(name) + (0x1000_0000 | len(body)).to_bytes(4, "big") + body


def matroska(track_type: bytes, *, encrypted: bool) -> bytes:
    """A head, and a segment with one track."""
    encryption = element("5035", element("47e1", b"\x05"))
    encodings = element("6d80", element("6240", element("5033", b"\x01"), encryption))
    tracks = element("1654ae6b", element("ae", track_type, encodings if encrypted else b""))
    return element("1a45dfa3", element("4282", b"webm")) + element("18538067", tracks, element("1f43b675"))


def refusal(path: Path) -> str:
    with pytest.raises(VideoError) as caught:
        VideoSource(path)
    return caught.value.problem


@pytest.mark.parametrize("flags", ["", "faststart", "frag_keyframe+empty_moov+default_base_moof"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_common_encryption_is_refused(suffix: str, flags: str, tmp_path: Path) -> None:
    path = write_video(tmp_path / f"a{suffix}", recipe(**CENC, **({"movflags": flags} if flags else {})))
    assert refusal(path) == "is encrypted (Common Encryption, cenc)"


@pytest.mark.parametrize("scheme", [b"cbcs", b"cens", b"cbc1", b"piff"])
def test_other_schemes_are_named(scheme: bytes, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", recipe(**CENC))
    path.write_bytes(path.read_bytes().replace(b"schm\0\0\0\0cenc", b"schm\0\0\0\0" + scheme))
    assert scheme.decode() in refusal(path)


def test_fairplay_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.m4v", Recipe(frames=5, container="mp4"))
    path.write_bytes(path.read_bytes().replace(b"avc1\0\0\0\0\0\0", b"drmi\0\0\0\0\0\0"))
    assert "FairPlay" in refusal(path)


def test_encryption_of_matroska_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    path.write_bytes(matroska(VIDEO_TYPE, encrypted=True))
    assert refusal(path) == "is encrypted (Matroska content encryption)"
    for data in (matroska(VIDEO_TYPE, encrypted=False), matroska(SOUND_TYPE, encrypted=True)):
        path.write_bytes(data)
        assert "encrypted" not in refusal(path)


@pytest.mark.parametrize(
    "guid",
    ["fbb3112223bdd211b4b700a0c955fc6e", "14e68a292226174cb935dae07ee9289c", "335085438169e6499b74ad12cb86d58c"],
)
def test_encryption_of_windows_media_is_refused(guid: str, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.wmv", Recipe(codec="wmv2", frames=5))
    data = path.read_bytes()
    extra = bytes.fromhex(guid) + (32).to_bytes(8, "little") + bytes(8)
    length, count = int.from_bytes(data[16:24], "little"), int.from_bytes(data[24:28], "little")
    head = data[:16] + (length + 32).to_bytes(8, "little") + (count + 1).to_bytes(4, "little") + data[28:30]
    path.write_bytes(head + extra + data[30:])
    assert refusal(path) == "is encrypted (Windows Media DRM)"


def test_a_scrambled_transport_stream_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", Recipe(frames=5))
    data = bytearray(path.read_bytes())
    for place in range(0, len(data), 188):
        if data[place + 1] & 0x1F == 1 and not data[place + 2]:
            data[place + 3] |= 0xC0
    path.write_bytes(data)
    assert refusal(path) == "is encrypted (scrambled transport stream)"


def test_a_stream_that_hls_encrypted_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", Recipe(frames=5))
    data = path.read_bytes()
    table = data.index(b"\x02\xb0\x12\x00\x01")
    section = bytearray(data[table : table + 17])
    section[12] = 0xDB
    remainder = 0xFFFFFFFF
    for bit in (byte >> shift & 1 for byte in section for shift in range(7, -1, -1)):
        remainder = (remainder << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if remainder >> 31 != bit else 0)
    path.write_bytes(data.replace(data[table : table + 21], bytes(section) + remainder.to_bytes(4, "big")))
    assert refusal(path) == "is encrypted (SAMPLE-AES)"


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi", "a.flv"])
def test_what_is_not_encrypted_opens(name: str, tmp_path: Path) -> None:
    with VideoSource(write_video(tmp_path / name, Recipe(frames=5))) as opened:
        assert opened.stream.codec_context.name == "h264"
