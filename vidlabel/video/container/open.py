"""Opening a video file safely: that one file is read, nothing else, and opening it never waits."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import av
import av.error
from av.packet import Packet
from av.stream import Disposition

from vidlabel.errors import NoVideoStreamError, VideoError
from vidlabel.paths import stat_video
from vidlabel.video.container.recording import Recording
from vidlabel.video.request import Heartbeat, no_heartbeat

if TYPE_CHECKING:
    from av.codec.hwaccel import HWAccel
    from av.container import InputContainer
    from av.video.stream import VideoStream

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,gif,mxf,nut,ivf,"
    "apng,dhav,hxvs,h261,h263,h264,hevc,vvc,m4v,mpegvideo,mjpeg,obu,av1,vc1,rm,dv,gxf,wtv,nsv,yuv4mpegpipe"
)
"""Demuxers that read one file alone. Left out on purpose: those that follow other files or addresses (playlists,
concat, dash, image sequences), those that take any text for pictures (tty), and formats of recorders whose times could
not be checked. Of these, Dahua's (dhav) and HiSilicon's (hxvs) were found right."""

_BY_SUFFIX = {
    **dict.fromkeys((".ts", ".mts", ".m2ts", ".m2t", ".tod", ".trp", ".tp", ".hdv", ".ssif"), "mpegts"),
    **dict.fromkeys((".mpg", ".mpeg", ".vob", ".m2p", ".mod", ".vro", ".evo"), "mpeg"),
    **dict.fromkeys((".h264", ".264", ".avc", ".h26l", ".26l"), "h264"),
    **dict.fromkeys((".h265", ".hevc", ".265"), "hevc"),
}
"""Containers that have no head by which to know them: in a short file, or one whose start is damaged, FFmpeg may see
another one or none. Then the name decides."""

_MP4_SUFFIXES = frozenset({".mp4", ".m4v", ".mov"})

LARGEST_SIDE = 16384
LARGEST_PICTURE = 1 << 27
"""Pixels; 134 million, a picture of 16384 x 8192. A header can claim any size, and a decoder allocates that much."""

_DEMUX_FAILURES = 64
"""Reading goes on after this many broken stretches in a row without a packet between them."""


def check_file(path: Path) -> int:
    """Make sure that a path is a readable file with something in it, without ever waiting on it.

    Returns:
        Its size in bytes.

    Raises:
        VideoError: it is missing, no regular file (opening a pipe or device may wait for ever), empty or not readable.
    """
    status = stat_video(path)
    if stat.S_ISDIR(status.st_mode):
        raise VideoError(path, "is a folder, not a video", "give the files in it")
    if not stat.S_ISREG(status.st_mode):
        raise VideoError(path, "is a pipe, socket or device, not a file", "save the video to a file first")
    if status.st_size == 0:
        raise VideoError(path, "is empty", "copy or record it again")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise VideoError(path, f"cannot be read ({error.strerror})", "check its permissions") from error
    return status.st_size


def open_container(source: Path | Recording, hwaccel: HWAccel | None = None) -> InputContainer:
    """Open a video, or one of several recordings in a file, with FFmpeg, restricted to local single files.

    The prefix `file:` keeps a name such as `a:b.mp4` from being taken for an address. Bytes outside UTF-8, in the name
    or in the tags, are kept or replaced, never an error.

    Raises:
        VideoError: FFmpeg knows no video in it.
    """
    return _open(source, {}, hwaccel)


def open_undecoded(source: Path | Recording) -> InputContainer:
    """As `open_container`, without decoding a picture where that is no use: in MP4 with B-frames of H.264.

    FFmpeg decodes a key frame of any video to learn its pixel format, 3 to 15 ms. What it learns of the order of
    pictures stands in the container there, and their shape in `codec_context` after the first one.

    Raises:
        VideoError: FFmpeg knows no video in it.
    """
    path = source.path if isinstance(source, Recording) else source
    if path.suffix.lower() not in _MP4_SUFFIXES:
        return open_container(source)
    container = _open(source, {"skip_frame": "all"})
    contexts = [stream.codec_context for stream in container.streams.video]
    telling = (context is not None and context.name == "h264" and context.has_b_frames for context in contexts)
    if container.format.name.startswith("mov") and all(telling):
        return container
    container.close()
    return open_container(source)


def _open(source: Path | Recording, decoding: dict[str, str], hwaccel: HWAccel | None = None) -> InputContainer:
    recording = source if isinstance(source, Recording) else Recording(source)
    path = recording.path
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": FORMATS,
        "enable_drefs": "0",  # MOV tracks that lie in another file
        "max_pixels": str(LARGEST_PICTURE),
        **decoding,
    }

    def open_as(format_name: str | None) -> InputContainer:
        """Open it as this format; None: as the one that FFmpeg sees in its content."""
        with ExitStack() as undoing:
            file: str | BinaryIO = f"file:{os.fspath(path)}"
            if not recording.is_whole_file:
                file = undoing.enter_context(recording.open())
            opened = av.open(file, "r", format=format_name, options=options, metadata_errors="replace", hwaccel=hwaccel)
            undoing.pop_all()  # The container keeps the file.
        return opened

    by_name = _BY_SUFFIX.get(path.suffix.lower())
    try:
        try:
            return open_as(None)
        except av.error.FFmpegError:
            if by_name is None:
                raise
            return open_as(by_name)
    except av.error.FFmpegError as error:
        problem = "is damaged or no video that FFmpeg can open"
        if isinstance(error, av.error.ArgumentError):  # what the format whitelist answers
            problem = "is of a kind that is not read as a video (text, playlist, picture or sound)"
        raise VideoError(path, problem, "give a video file such as .mp4, .mkv, .mov, .avi or .webm") from error


def moving_streams(container: InputContainer) -> list[VideoStream]:
    """The video streams of a container that are no cover pictures."""
    pictures = Disposition.attached_pic | Disposition.timed_thumbnails
    return [stream for stream in container.streams.video if not stream.disposition & pictures]


def choose_stream(container: InputContainer, path: Path, index: int | None = None) -> VideoStream:
    """The video stream that a player shows: the default one, else the first; never a cover picture.

    Args:
        container: the open file.
        path: of it.
        index: of the stream, where it is known.

    Raises:
        NoVideoStreamError: there is sound alone.
        VideoError: there is none, no decoder knows its codec, or its picture is larger than any decoder is allowed.
    """
    streams = moving_streams(container)
    if index is not None:
        streams = [stream for stream in streams if stream.index == index]
    if not streams:
        kind = NoVideoStreamError if container.streams.audio else VideoError
        raise kind(path, "holds no video stream", "give a file with moving pictures")
    stream = next((stream for stream in streams if stream.disposition & Disposition.default), streams[0])
    if stream.codec_context is None:
        raise VideoError(path, "holds a video codec that is not known", "convert it to H.264 first")
    width, height = stream.codec_context.width, stream.codec_context.height
    if max(width, height) > LARGEST_SIDE or width * height > LARGEST_PICTURE:
        limit = f"{LARGEST_SIDE} pixels a side and {LARGEST_PICTURE // 10**6} million pixels are the limit"
        raise VideoError(path, f"claims a picture of {width}x{height}", limit)
    # One thread a file: more cost 15 to 25 % more CPU, and several files run side by side.
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {**stream.codec_context.options, "max_pixels": str(LARGEST_PICTURE)}
    return stream


def read_packets(
    container: InputContainer, stream: VideoStream, heartbeat: Heartbeat = no_heartbeat
) -> Iterator[Packet[VideoStream] | av.error.FFmpegError]:
    """Packets of one stream in file order, in the same order at every call; broken stretches come as their error.

    The last packet is empty and makes a decoder hand out what it holds. Other empty packets (AVI marks a repeated
    picture so) are left out: a decoder takes them for the end.
    """
    failures = 0
    flushed = False
    while failures <= _DEMUX_FAILURES:
        try:
            for packet in container.demux(stream):
                failures = 0
                heartbeat()
                if packet.size:
                    yield packet
                elif packet.dts is None and packet.pos is None:
                    flushed = True
                    yield packet
        except av.error.FFmpegError as error:
            failures += 1
            yield error
        except IndexError:  # PyAV, at the end, where damage made FFmpeg see further streams on the way
            break
        else:
            break
    if not flushed:
        yield last_packet(stream)


def last_packet(stream: VideoStream) -> Packet[VideoStream]:
    """An empty packet, which makes a decoder hand out what it holds."""
    packet = cast("Packet[VideoStream]", Packet())
    packet.stream = stream
    if stream.time_base is not None:
        packet.time_base = stream.time_base
    return packet
