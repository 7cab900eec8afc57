"""Whether browsers play a video file as it is, with the frame times that vidlabel finds.

What is listed here is played by Chromium, Firefox and Safari alike. Anything else gets a copy, and so does a file whose
frames a browser may show at other times: damaged ones, and those that do not begin at zero.
"""

from __future__ import annotations

from fractions import Fraction

from vidlabel.video.container.source import VideoSource
from vidlabel.video.probe import Probe

_PLAYABLE: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "mov,mp4,m4a,3gp,3g2,mj2": (frozenset({"h264", "vp9", "av1"}), frozenset({"aac", "mp3", "opus", "flac"})),
    "matroska,webm": (frozenset({"vp8", "vp9", "av1"}), frozenset({"opus", "vorbis"})),
}
"""Codecs of pictures and of sound by container."""
_DECODERS = {"libdav1d": "av1", "libaom-av1": "av1", "mp3float": "mp3", "libopus": "opus", "libvorbis": "vorbis"}
"""Names of FFmpeg's decoders that differ from those of their codecs."""
_PIXELS = frozenset({"yuv420p", "yuvj420p"})
_LATEST_START = Fraction(1, 1000)
"""Seconds on the container's clock at which the first frame may lie: browsers show the time of the container."""


def playing_obstacle(opened: VideoSource, probe: Probe) -> str:
    """Why browsers cannot play a file, as a reason for the user; empty where they can.

    Args:
        opened: the file, which is still open.
        probe: of it.
    """
    known = _PLAYABLE.get(probe.container)
    if known is None or (probe.container == "matroska,webm" and probe.path.suffix.lower() != ".webm"):
        return f"browsers do not play {probe.path.suffix.lower() or 'such'} files"
    pictures, sounds = known
    if _codec(probe.codec) not in pictures or opened.stream.codec_context.pix_fmt not in _PIXELS:
        return f"browsers do not play {probe.codec} ({opened.stream.codec_context.pix_fmt}) in such a file"
    for stream in opened.container.streams.audio:
        name = "unknown" if stream.codec_context is None else _codec(stream.codec_context.name)
        if name not in sounds:
            return f"browsers do not play sound as {name} in such a file"
    if probe.video_streams > 1 or probe.orientation.mirrored:
        return "browsers may show other pictures of it"
    return _clock_obstacle(probe)


def _clock_obstacle(probe: Probe) -> str:
    table = probe.packets
    damaged = table.jumps or table.repaired or table.breaks or table.holes or probe.missing_packets
    if damaged or not table.all_timed or bool(table.spoilt.any()) or bool(table.unshown.any()):
        return "the file is damaged, and browsers may show its frames at other times"
    if abs(probe.first_pts * probe.time_base) > _LATEST_START:
        return "its first frame does not lie at zero, and browsers may show frames at other times"
    return ""


def _codec(decoder: str) -> str:
    return _DECODERS.get(decoder, decoder)
