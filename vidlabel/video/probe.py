"""What a video file is: one scan over its packets, which decodes nothing but the first picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
import numpy.typing as npt

from vidlabel.errors import VideoError
from vidlabel.video.container.dahua import frame_times, is_cut_off
from vidlabel.video.container.nal_units import nal_units, tells_unreferred
from vidlabel.video.container.orientation import UPRIGHT, Orientation, orientation_of
from vidlabel.video.container.packets import (
    NO_TIME,
    SPOILT,
    UNSHOWN,
    PacketTable,
    PacketTableBuilder,
    hidden_test,
    zeroed_test,
)
from vidlabel.video.container.recording import Recording
from vidlabel.video.container.source import FirstPicture, VideoSource
from vidlabel.video.container.subtitle_streams import subtitle_tracks
from vidlabel.video.damage.avi import count_frames
from vidlabel.video.damage.cut_start import mark_unshown
from vidlabel.video.damage.lost_references import LostReferences, ReferenceScan
from vidlabel.video.damage.missing_packets import PacketPositions
from vidlabel.video.damage.truncation import missing_packets
from vidlabel.video.metadata import LARGEST_RATIO, VideoMetadata, sample_size, shown_size
from vidlabel.video.request import Heartbeat, no_heartbeat
from vidlabel.video.sampling import Preceding

if TYPE_CHECKING:
    from av.video.stream import VideoStream

_LEAST_JUMP_S = 1
_FALLBACK_RATE = Fraction(25)
"""Frames per second of a file that says nothing of it; FFmpeg's own guess for raw streams."""


@dataclass(frozen=True, slots=True, eq=False)
class Probe(VideoMetadata):
    """The facts of a video file. Plain data: it can be pickled and sent to another process."""

    recording: Recording
    stream_index: int
    video_streams: int
    """How many video streams there are, cover pictures included."""
    coded_width: int
    """Pixels as stored, before turning and pixel shape."""
    coded_height: int
    aspect: Fraction
    """Width of a stored pixel over its height."""
    orientation: Orientation
    first_pts: int
    """Ticks at the first presented frame; all other times count from there."""
    step: Fraction
    """Ticks from one frame to the next, as the file says; only used where frames carry no times."""
    reorders: bool
    """Whether pictures leave the decoder in another order than they lie in the file (B-frames)."""
    tells_unreferred: bool
    """Whether a decoder can skip exactly those pictures that no other refers to."""
    packets: PacketTable
    claimed_frames: int
    """What the header says; not to be believed."""
    missing_packets: int
    """Packets that the file's own index names and that are not there: the file was cut off."""
    extent: tuple[int, int]
    """First byte of the packets in the recording, and the byte after them; (0, 0) where none says where it lies."""
    preceding: Preceding | None = None
    """The recordings before it; None where it is the first."""

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self.recording.path

    @property
    def truncated(self) -> bool:
        """Whether the file was cut off."""
        return self.missing_packets > 0

    @property
    def promised_duration(self) -> int:
        """Ticks that the video would last had it not been cut off."""
        return self.duration + (self.duration * self.missing_packets // self.frames if self.frames else 0)

    def sample_size(self, short_side: int) -> tuple[int, int]:
        """Width and height of this video's samples."""
        return sample_size(self.shown_width, self.shown_height, short_side)

    @property
    def lacks_shown_order(self) -> bool:
        """Whether the file's times belong to the order of its packets, not to the order in which frames are shown."""
        return _lacks_shown_order(self.container, self.reorders)

    def frame_times(self) -> npt.NDArray[np.int64] | None:
        """(frames,) ticks of every frame to show from the first one, ascending; None where the file lacks times."""
        if not self.packets.all_timed:
            return None
        return _shown_pts(self.packets, self.first_pts, self.lacks_shown_order) - self.first_pts


def probe(source: Path | Recording, heartbeat: Heartbeat = no_heartbeat) -> Probe:
    """Find out what a video file is, by reading its packets once.

    Costs 0.35 s per 10 minutes of 720p. Nothing that the header claims about length or frame count is believed.

    Args:
        source: the file, or one of several recordings in it.
        heartbeat: called often while the scan goes on.

    Raises:
        VideoError: it is no readable file, no video, or a video without pictures.
    """
    with VideoSource(source) as opened:
        return probe_opened(opened, heartbeat)


def probe_opened(opened: VideoSource, heartbeat: Heartbeat = no_heartbeat) -> Probe:
    """As `probe`, for a video that is open and of which nothing was read."""
    scan = _find_gaps(opened, _scan(opened, heartbeat))
    lacks_order = _lacks_shown_order(opened.container.format.name, bool(opened.stream.codec_context.has_b_frames))
    table = mark_unshown(opened.recording, opened.stream, scan.table, not lacks_order)
    return _describe(opened, replace(scan, table=table))


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    table: PacketTable
    step: Fraction
    last_duration: int
    places: PacketPositions
    lost: LostReferences | None
    missing_at_end: int = 0
    """Packets that the index of an AVI names after the last one that is there."""


def _scan(opened: VideoSource, heartbeat: Heartbeat) -> _Scan:
    stream, first = opened.stream, opened.first
    if stream.time_base is None:
        raise VideoError(opened.path, "has a video stream without a clock", "convert it to another container")
    step = 1 / (_known_rate(stream) * stream.time_base)
    least_jump = int(max(_LEAST_JUMP_S / stream.time_base, 32 * step))
    codec, units = stream.codec_context.name, nal_units(stream)
    is_restart = None if units is None else units.restarts
    builder = PacketTableBuilder(step, least_jump, hidden_test(codec), is_restart, zeroed_test(codec))
    places = PacketPositions()
    references = ReferenceScan(stream.codec_context.extradata) if codec == "h264" else None
    for packet in opened.read(heartbeat):
        if isinstance(packet, av.error.FFmpegError):
            builder.note_break()
            first.clean = first.clean and len(builder) > 1
            continue
        if packet.size:
            builder.add(packet)
            places.add(packet)
            if references is not None:
                references.add(packet)
        first.offer(packet)
    table = builder.build()
    lost = None if references is None else references.result(table.pts)
    return _Scan(table, step, builder.last_duration, places, lost)


def _find_gaps(opened: VideoSource, scan: _Scan) -> _Scan:
    """Add to the table what FFmpeg passed over without an error."""
    found = _find_missing_packets(opened, scan)
    table, lost = found.table, scan.lost
    if lost is None or not lost.before:
        return found
    holes = tuple(sorted({*table.holes, *lost.before}))
    flags = np.where(lost.spoilt, table.flags | SPOILT, table.flags)
    return replace(found, table=replace(table, holes=holes, flags=flags))


def _find_missing_packets(opened: VideoSource, scan: _Scan) -> _Scan:
    table, container = scan.table, opened.container.format.name
    if container == "avi":
        return _recount(opened, scan)
    if not table.all_timed:
        return scan
    if container == "dhav":
        return _retime(opened, scan)
    return replace(scan, table=replace(table, holes=tuple(scan.places.holes(opened.recording, container, scan.step))))


def _recount(opened: VideoSource, scan: _Scan) -> _Scan:
    """Time the packets of a damaged AVI by their numbers: presentation times are FFmpeg's guess, upset by damage."""
    table, clocks = scan.table, scan.places.clocks
    count = count_frames(opened.recording, scan.places, opened.stream)
    if count is not None:
        table = replace(table, pts=count.numbers, repaired=True, holes=count.holes, lost=count.lost)
        opened.first.clean = False  # The time of its picture is one of those that were wrong.
        return replace(scan, table=table, missing_at_end=count.missing_at_end)
    if bool((clocks == NO_TIME).any()) or not len(clocks):
        return scan
    in_order = np.sort(table.pts) if opened.stream.codec_context.has_b_frames else table.pts
    if table.all_timed and np.ptp(in_order - clocks) == 0:
        return scan
    opened.first.clean = False
    return replace(scan, table=replace(table, pts=clocks, repaired=True, jumps=()))


def _retime(opened: VideoSource, scan: _Scan) -> _Scan:
    """Time the frames of a Dahua camera as their heads say. FFmpeg gives each a duration of 1 ms."""
    table, positions = scan.table, scan.places.positions
    with opened.recording.open() as file:
        times = frame_times(file, positions.tolist())
        missing = int(len(positions) > 0 and is_cut_off(file, int(positions[-1]), opened.size_bytes))
    if times is not None:
        table = replace(table, pts=table.pts[0] + times, repaired=True, jumps=())
    return replace(scan, table=table, last_duration=0, missing_at_end=missing)


def _known_rate(stream: VideoStream) -> Fraction:
    for rate in (stream.guessed_rate, stream.average_rate, stream.base_rate):
        if rate is not None and rate > 0:
            return Fraction(rate)
    return _FALLBACK_RATE


def _lacks_shown_order(container: str, reorders: bool) -> bool:
    """AVI has no presentation times: with B-frames those that FFmpeg makes up are a guess, wrong on H.264 and XviD."""
    return container == "avi" and reorders


def _shown_pts(table: PacketTable, first_pts: int, lacks_shown_order: bool) -> npt.NDArray[np.int64]:
    """Ticks of the frames to show on the container's clock, ascending; all packets are timed."""
    if lacks_shown_order:  # as many as there are pictures, however late the first ones lie in the file
        start, count = int(table.unshown.sum()), int(table.presented.sum()) + len(table.lost)
        return np.sort(np.concatenate([table.pts, table.lost]))[start : start + count]
    times = np.concatenate([table.pts[table.presented], table.lost])
    return np.sort(times[times >= first_pts])


def _describe(opened: VideoSource, scan: _Scan) -> Probe:
    path, container, stream = opened.path, opened.container, opened.stream
    table, frame, time_base = scan.table, opened.first.frame, stream.time_base
    if time_base is None or not bool(table.presented.any()):
        raise VideoError(path, "holds a video stream without a single frame", "record or copy it again")
    width, height = (frame.width, frame.height) if frame else (stream.codec_context.width, stream.codec_context.height)
    if width < 1 or height < 1:
        raise VideoError(path, "holds no picture that can be decoded", "copy it again or convert it to H.264")
    orientation = orientation_of(frame) if frame else UPRIGHT
    aspect = _pixel_aspect(stream)
    shown = shown_size(width, height, aspect, orientation.swaps_sides)
    reorders = bool(stream.codec_context.has_b_frames)
    lacks_order = _lacks_shown_order(container.format.name, reorders)
    first_pts = _first_pts(table, opened.first, lacks_order)
    duration, frames = _extent(table, first_pts, lacks_order, scan)
    return Probe(
        recording=opened.recording,
        size_bytes=opened.size_bytes,
        container=container.format.name,
        codec=stream.codec_context.name,
        stream_index=stream.index,
        video_streams=len(container.streams.video),
        coded_width=width,
        coded_height=height,
        shown_width=shown[0],
        shown_height=shown[1],
        aspect=aspect,
        rotation=orientation.rotation,
        orientation=orientation,
        time_base=Fraction(time_base),
        first_pts=first_pts,
        start_time=first_pts * time_base.numerator / time_base.denominator,
        duration=duration,
        step=scan.step,
        frames=frames,
        audio_streams=len(container.streams.audio),
        reorders=reorders,
        tells_unreferred=tells_unreferred(stream),
        packets=table,
        claimed_frames=stream.frames,
        extent=scan.places.extent,
        subtitles=subtitle_tracks(container, opened.recording),
        missing_packets=max(
            scan.missing_at_end,
            missing_packets(container.format.name, opened.recording, opened.size_bytes, stream, len(table)),
        ),
    )


def _pixel_aspect(stream: VideoStream) -> Fraction:
    # The container comes first, as with FFmpeg's players; a decoder knows it from the first picture on.
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    if not aspect or not Fraction(1, LARGEST_RATIO) <= aspect <= LARGEST_RATIO:
        return Fraction(1)
    return Fraction(aspect)


def _first_pts(table: PacketTable, first: FirstPicture, lacks_shown_order: bool) -> int:
    """Ticks at the first presented frame: the first picture that a decoder gives, unless damage may have eaten one.

    The first picture is not always the earliest packet: pictures of an open group before the first key frame refer to
    what is not in the file and are not shown.
    """
    if table.all_timed and table.holds(UNSHOWN) and lacks_shown_order:
        return int(_shown_pts(table, 0, lacks_shown_order)[0])
    if first.frame is not None and first.clean and first.frame.pts is not None:
        return first.frame.pts
    timed = table.presented & (table.pts != NO_TIME)
    if (first.frame is not None and first.clean) or not bool(timed.any()):
        return 0
    if len(table.lost):  # It is lost itself, perhaps.
        return int(min(table.pts[timed].min(), table.lost.min()))
    keys = table.pts[timed & table.key]
    earliest = int(keys[0]) if len(keys) else NO_TIME
    times = table.pts[timed]
    return int(times[times >= earliest].min())


def _extent(table: PacketTable, first_pts: int, lacks_shown_order: bool, scan: _Scan) -> tuple[int, int]:
    """Ticks to the end of the last frame, and the number of frames.

    The last frame lasts as long as the file says, else as long as the one before it.
    """
    if not table.all_timed:
        frames = int(table.presented.sum())
        return int(frames * scan.step + Fraction(1, 2)), frames
    times = _shown_pts(table, first_pts, lacks_shown_order)
    if not len(times):
        return 0, 0
    last = int(times[-1])
    lasts = scan.last_duration
    if lasts <= 0:
        earlier = times[times < last]
        lasts = last - int(earlier[-1]) if len(earlier) else int(scan.step + Fraction(1, 2))
    return last - first_pts + lasts, len(times)
