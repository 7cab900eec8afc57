"""Cuts one clip out of a video, in the process that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from vidlabel.errors import VideoError
from vidlabel.video_writing.copying import PacketRange, PictureCopier, packet_range
from vidlabel.video_writing.encoding import PictureEncoder, open_mp4, stored_shape, write_interleaved
from vidlabel.video_writing.media import Damage, Media, check_span
from vidlabel.video_writing.sound import SoundCopier, SoundTrackEncoder, may_copy, sound_streams
from vidlabel.video_writing.span import TimeSpan


@dataclass(frozen=True, slots=True)
class ClipReport:
    """How a clip was made."""

    copied: bool
    """Whether its pictures are those of the video, bit for bit."""
    warnings: tuple[str, ...]


def write_clip(media: Media, span: TimeSpan, path: Path) -> ClipReport:
    """Write a stretch of a video as an MP4, copied where a key frame stands at its start, else encoded.

    Args:
        media: the video.
        span: seconds from its first presented frame.
        path: the file, which is replaced.

    Raises:
        VideoError: the stretch holds no frame, or not one that can be decoded.
        OutputError: the file cannot be written.
    """
    check_span(media, span)
    packets = packet_range(media, span)
    if packets is not None:
        _copy(media, packets, _until_end(media, span), path)
        return ClipReport(True, ())
    return ClipReport(False, _encode(media, span, path))


def _copy(media: Media, packets: PacketRange, span: TimeSpan, path: Path) -> None:
    heard = TimeSpan(packets.start_s, span.end_s)
    with open_mp4(path) as output:
        pictures = PictureCopier(output, media, packets)
        sounds = [
            SoundCopier(output, media, sound, heard)
            if may_copy(media, sound)
            else SoundTrackEncoder(output, media, sound, heard)
            for sound in sound_streams(media)
        ]
        write_interleaved(output, [pictures.packets(), *(sound.packets() for sound in sounds)])


def _encode(media: Media, span: TimeSpan, path: Path) -> tuple[str, ...]:
    damage = Damage()
    frames = media.frames(span, damage)
    first = next(frames, None)
    if first is None:
        problem = f"has no frame from {float(span.start_s):.3f} to {float(span.end_s):.3f} s"
        remedy = "the video is damaged there" if damage.decode_errors else "give a longer segment, or --margin"
        raise VideoError(media.path, problem, remedy)
    heard = TimeSpan(first.time_s, _until_end(media, span).end_s)
    with open_mp4(path) as output:
        pictures = PictureEncoder(output, stored_shape(media, first.frame), first.time_s)
        pictures.describe_colours(first.frame)
        sounds = [SoundTrackEncoder(output, media, sound, heard) for sound in sound_streams(media)]
        write_interleaved(output, [pictures.packets(chain([first], frames)), *(sound.packets() for sound in sounds)])
    rejected = sum(sound.decode_errors for sound in sounds)
    warnings = [damage.warning, f"{rejected} packets of sound are damaged, and silent" if rejected else None]
    return tuple(warning for warning in warnings if warning is not None)


def _until_end(media: Media, span: TimeSpan) -> TimeSpan:
    return TimeSpan(span.start_s, min(span.end_s, media.end_s))
