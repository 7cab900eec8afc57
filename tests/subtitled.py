"""Videos with subtitles inside, whose times and texts the maker states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet
from av.stream import Disposition
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import SubtitleSet
from av.video.stream import VideoStream

Cue = tuple[float, float, str]
"""Start and end in seconds on the container's clock, and the text of an ASS dialogue."""

_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True)
class Track:
    """A subtitle stream to add."""

    codec: str
    cues: Sequence[Cue]
    language: str = ""
    lasts: bool = True
    """Whether packets say how long they last."""
    disposition: Disposition | None = None


def add_subtitles(video: Path, path: Path, *tracks: Track) -> Path:
    """Copy a video and add subtitle streams, interleaved by time.

    Returns:
        `path`.
    """
    with av.open(str(video)) as source, av.open(str(path), "w") as output:
        picture = source.streams.video[0]
        copied = output.add_stream_from_template(picture)
        packets: list[tuple[Fraction, int, Packet[VideoStream] | Packet[SubtitleStream]]] = []
        for packet in source.demux(picture):
            if packet.dts is not None and packet.time_base is not None:
                packet.stream = copied
                packets.append((packet.dts * packet.time_base, len(packets), packet))
        for track in tracks:
            stream = output.add_stream(track.codec)
            assert isinstance(stream, SubtitleStream)
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
            stream.codec_context.subtitle_header = _HEADER
            if track.language:
                stream.metadata["language"] = track.language
            if track.disposition is not None:
                stream.disposition = track.disposition
            for number, cue in enumerate(track.cues):
                packets.append((Fraction(str(cue[0])), len(packets), _packet(stream, number, cue, lasts=track.lasts)))
        for _, _, ordered in sorted(packets, key=lambda entry: entry[:2]):
            output.mux(ordered)
    return path


def add_webvtt(video: Path, path: Path, samples: Sequence[tuple[float, float, bytes]]) -> Path:
    """Copy a video to MP4 with a track of WebVTT, which FFmpeg does not write: one of timed text, renamed.

    Args:
        video: the source.
        path: the copy.
        samples: start and end in seconds, and the boxes of each (ISO 14496-30), one after the other.

    Returns:
        `path`.
    """
    with av.open(str(video)) as source, av.open(str(path), "w") as output:
        picture = source.streams.video[0]
        copied = output.add_stream_from_template(picture)
        track = output.add_stream("mov_text")
        assert isinstance(track, SubtitleStream)
        track.time_base = track.codec_context.time_base = Fraction(1, 1000)
        track.codec_context.subtitle_header = _HEADER
        track.metadata["language"] = "eng"
        for packet in source.demux(picture):
            if packet.dts is not None:
                packet.stream = copied
                output.mux(packet)
        for start, end, content in samples:
            sample = Packet(content)
            sample.stream, sample.time_base = track, Fraction(1, 1000)
            sample.pts = sample.dts = round(start * 1000)
            sample.duration = round((end - start) * 1000)
            output.mux(sample)
    content = path.read_bytes()
    assert content.count(b"tx3g") == 1
    path.write_bytes(content.replace(b"tx3g", b"wvtt"))
    return path


def mp4_box(name: bytes, *content: bytes) -> bytes:
    """A box of MP4."""
    inner = b"".join(content)
    return (8 + len(inner)).to_bytes(4, "big") + name + inner


def webvtt_cue(text: str) -> bytes:
    """A cue of WebVTT in MP4, with a name and settings."""
    settings = (mp4_box(b"iden", b"1"), mp4_box(b"sttg", b"align:start line:0"))
    return mp4_box(b"vttc", *settings, mp4_box(b"payl", text.encode()))


def _packet(stream: SubtitleStream, number: int, cue: Cue, *, lasts: bool) -> Packet[SubtitleStream]:
    start_ms, end_ms = (round(time * 1000) for time in cue[:2])
    text = f"{number},0,Default,,0,0,0,,{cue[2]}".encode()
    packet = stream.codec_context.encode_subtitle(SubtitleSet.create(text, 0, end_ms - start_ms, start_ms))
    packet.stream, packet.time_base = stream, Fraction(1, 1000)
    packet.pts = packet.dts = start_ms
    packet.duration = end_ms - start_ms if lasts else 0
    return packet
