"""Subtitle streams inside a video file: which there are, and the lines of one of them."""

from __future__ import annotations

import html
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, cast

import av.error
from av.stream import Discard, Disposition

from vidlabel.video.container.boxes import boxes, find_box, sample_entries
from vidlabel.video.container.open import moving_streams, open_container
from vidlabel.video.container.recording import Recording
from vidlabel.video.metadata import SubtitleTrack
from vidlabel.video.subtitles.lines import SubtitleLine, plain_text

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import DataStream
    from av.subtitles.stream import SubtitleStream
    from av.subtitles.subtitle import AssSubtitle, SubtitleSet

    from vidlabel.video.request import Heartbeat

_TEXT_CODECS = frozenset({"mov_text", "srt", "subrip", "ass", "ssa", "webvtt", "text"})
"""Those of DVDs and television hold pictures of text."""
_MOST_TRACKS = 100
_MOST_CUES = 32
"""Of one sample of WebVTT: as many lines are shown together at most."""
_DEMUX_FAILURES = 64
_ASS_FIELDS_BEFORE_TEXT = 8
_UNKNOWN_MS = (1 << 32) - 1
"""FFmpeg's end of a line that lasts until the next one."""
_FOREVER_S = Fraction(1 << 40)

TextStream: TypeAlias = "SubtitleStream | DataStream"
"""A stream of WebVTT in MP4 is one of data to FFmpeg (8.1), which has no codec for it."""


def subtitle_tracks(container: InputContainer, recording: Recording) -> tuple[SubtitleTrack, ...]:
    """The subtitle streams of a container, in its order.

    Args:
        container: of the recording, opened.
        recording: the file, or one of several recordings in it.
    """
    return tuple(
        SubtitleTrack(
            index=stream.index,
            codec=codec,
            language=stream.metadata.get("language", ""),
            is_text=codec in _TEXT_CODECS,
            is_default=bool(stream.disposition & Disposition.default),
            is_forced=bool(stream.disposition & Disposition.forced),
        )
        for stream, codec in islice(_text_streams(container, recording), _MOST_TRACKS)
    )


def _text_streams(container: InputContainer, recording: Recording) -> Iterator[tuple[TextStream, str]]:
    """The subtitle streams of a container with FFmpeg's names of their codecs."""
    webvtt_tracks = _webvtt_tracks(recording) if container.streams.data else frozenset()
    for stream in container.streams:
        if stream.type == "subtitle":
            subtitles = cast("SubtitleStream", stream)
            yield subtitles, subtitles.codec_context.name if subtitles.codec_context else "unknown"
        elif stream.type == "data" and stream.id in webvtt_tracks:
            yield cast("DataStream", stream), "webvtt"


def _webvtt_tracks(recording: Recording) -> frozenset[int]:
    """The numbers of the tracks of MP4 that hold WebVTT (ISO 14496-30)."""
    with recording.open() as file:
        entries = sample_entries(file, file.seek(0, io.SEEK_END))
        return frozenset(number for number, entry in entries if entry.name == b"wvtt")


def read_lines(
    recording: Recording, index: int, heartbeat: Heartbeat, warn: Callable[[str], None]
) -> Iterator[SubtitleLine]:
    """The lines of a subtitle stream as they lie in the file, in seconds on the container's clock.

    The file is read no further than to the packet after the line that is given.

    Args:
        recording: the file, or one of several recordings in it.
        index: of the stream; its codec holds text.
        heartbeat: called for every packet, those of the video included.
        warn: takes one line where something is damaged.

    Raises:
        VideoError: FFmpeg cannot open the file.
    """
    with open_container(recording) as container:
        streams: tuple[TextStream, ...] = (*container.streams.subtitles, *container.streams.data)
        stream = next((stream for stream in streams if stream.index == index), None)
        if stream is None:
            return
        last: SubtitleLine | None = None
        damaged = 0
        for packet in _packets(container, stream, heartbeat):
            if packet.pts is None or packet.time_base is None:
                continue
            start_s = packet.pts * packet.time_base
            if last is not None:
                yield replace(last, end_s=min(last.end_s, max(start_s, last.start_s))) if _is_open(last) else last
                last = None
            try:
                last = _decode(stream, packet, start_s, (packet.duration or 0) * packet.time_base)
            except av.error.FFmpegError:
                damaged += 1
        if last is not None:
            yield last
        if damaged:
            warn(f"{damaged} subtitle lines inside the file cannot be decoded")


def _is_open(line: SubtitleLine) -> bool:
    return line.end_s == _FOREVER_S


def _packets(container: InputContainer, stream: TextStream, heartbeat: Heartbeat) -> Iterator[Packet[TextStream]]:
    """Packets of a stream, read with those of the video: between two lines may lie gigabytes."""
    watched = moving_streams(container)[:1]
    for other in container.streams:
        if other.index != stream.index and other not in watched:
            other.discard = Discard.all
    failures = 0
    while failures <= _DEMUX_FAILURES:
        try:
            for packet in container.demux([stream, *watched]):
                failures = 0
                heartbeat()
                if packet.stream_index == stream.index and packet.size:
                    yield cast("Packet[TextStream]", packet)
        except av.error.FFmpegError:
            failures += 1
        except IndexError:  # PyAV, at the end, where damage made FFmpeg see further streams on the way
            return
        else:
            return


def _decode(
    stream: TextStream, packet: Packet[TextStream], start_s: Fraction, duration_s: Fraction
) -> SubtitleLine | None:
    if stream.type == "data":
        text = _webvtt_text(bytes(packet))
        return SubtitleLine(start_s, start_s + duration_s if duration_s else _FOREVER_S, text)
    shown = stream.codec_context.decode2(packet)
    return None if shown is None else _line(shown, start_s, duration_s)


def _webvtt_text(sample: bytes) -> str:
    """The text of all cues in a sample of WebVTT in MP4 (ISO 14496-30, 6.6).

    Args:
        sample: boxes side by side: a `vttc` for each cue, its text in a `payl` among others, or a `vtte` for none.
    """
    file, texts = io.BytesIO(sample), []
    for cue in islice(boxes(file, 0, len(sample)), _MOST_CUES):
        found = find_box(file, cue, b"payl") if cue.name == b"vttc" else None
        if found is not None:
            payload = sample[found.content : found.end].decode("utf-8", errors="replace")
            texts.append(html.unescape(plain_text(payload)))
    return " ".join(filter(None, texts))


def _line(shown: SubtitleSet, packet_s: Fraction, duration_s: Fraction) -> SubtitleLine:
    start_s = packet_s + Fraction(shown.start_display_time, 1000)
    end_s = packet_s + duration_s
    if shown.start_display_time < shown.end_display_time < _UNKNOWN_MS:
        end_s = packet_s + Fraction(shown.end_display_time, 1000)
    text = " ".join(filter(None, (_text(cast("AssSubtitle", part)) for part in shown.rects)))
    return SubtitleLine(start_s, end_s if end_s > start_s else _FOREVER_S, text)


def _text(part: AssSubtitle) -> str:
    """The text of a dialogue of ASS, which FFmpeg makes of all kinds of text."""
    dialogue = part.ass.decode("utf-8", errors="replace")
    return plain_text(dialogue.split(",", _ASS_FIELDS_BEFORE_TEXT)[-1])
