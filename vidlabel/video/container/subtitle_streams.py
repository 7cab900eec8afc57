"""Subtitle streams inside a video file: which there are, and the lines of one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av.error
from av.stream import Discard, Disposition

from vidlabel.video.container.open import moving_streams, open_container
from vidlabel.video.container.recording import Recording
from vidlabel.video.metadata import SubtitleTrack
from vidlabel.video.subtitles.lines import SubtitleLine, plain_text

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.subtitles.stream import SubtitleStream
    from av.subtitles.subtitle import AssSubtitle, SubtitleSet

    from vidlabel.video.request import Heartbeat

_TEXT_CODECS = frozenset({"mov_text", "srt", "subrip", "ass", "ssa", "webvtt", "text"})
"""Those of DVDs and television hold pictures of text."""
_MOST_TRACKS = 100
_DEMUX_FAILURES = 64
_ASS_FIELDS_BEFORE_TEXT = 8
_UNKNOWN_MS = (1 << 32) - 1
"""FFmpeg's end of a line that lasts until the next one."""
_FOREVER_S = Fraction(1 << 40)


def subtitle_tracks(container: InputContainer) -> tuple[SubtitleTrack, ...]:
    """The subtitle streams of a container, in its order."""
    return tuple(
        SubtitleTrack(
            index=stream.index,
            codec=stream.codec_context.name if stream.codec_context else "unknown",
            language=stream.metadata.get("language", ""),
            is_text=stream.codec_context is not None and stream.codec_context.name in _TEXT_CODECS,
            is_default=bool(stream.disposition & Disposition.default),
            is_forced=bool(stream.disposition & Disposition.forced),
        )
        for stream in container.streams.subtitles[:_MOST_TRACKS]
    )


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
        stream = next((stream for stream in container.streams.subtitles if stream.index == index), None)
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
                shown = stream.codec_context.decode2(packet)
            except av.error.FFmpegError:
                damaged += 1
                continue
            if shown is not None:
                last = _line(shown, start_s, (packet.duration or 0) * packet.time_base)
        if last is not None:
            yield last
        if damaged:
            warn(f"{damaged} subtitle lines inside the file cannot be decoded")


def _is_open(line: SubtitleLine) -> bool:
    return line.end_s == _FOREVER_S


def _packets(
    container: InputContainer, stream: SubtitleStream, heartbeat: Heartbeat
) -> Iterator[Packet[SubtitleStream]]:
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
                    yield cast("Packet[SubtitleStream]", packet)
        except av.error.FFmpegError:
            failures += 1
        except IndexError:  # PyAV, at the end, where damage made FFmpeg see further streams on the way
            return
        else:
            return


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
