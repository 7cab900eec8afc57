"""Which decoder reads a file, on which device, and why: each only where it was measured to give the right frames."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vidlabel.errors import DecodeError, DeviceError, InstallationError
from vidlabel.video.container.orientation import UPRIGHT
from vidlabel.video.container.packets import CORRUPT, DISCARD, HIDDEN, ZEROED, PacketTable
from vidlabel.video.decoders.decord import DecordReader
from vidlabel.video.decoders.gpu import GpuReader
from vidlabel.video.decoders.pyav import PyavReader
from vidlabel.video.decoders.skipping import SkippingReader
from vidlabel.video.sampling import BEFORE_ALL, grid_of

if TYPE_CHECKING:
    from vidlabel.video.container.source import VideoSource
    from vidlabel.video.decoders.base import FrameReader
    from vidlabel.video.probe import Probe
    from vidlabel.video.request import SampleRequest

SAFE_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi"})
_TIMED_CONTAINERS = SAFE_CONTAINERS - {"avi"}
_TELLING_CODECS = frozenset({"h264", "mpeg4"})
"""Whose decoder reports damage. Of the others (HEVC, VP8, VP9, AV1) frames go missing without an error, and decord then
gives all later frames too early. PyAV took no more CPU for them: 0.70 to 0.95 of decord's on 6 s of one real recording
made anew, at 2 and 8 samples a second."""
MOST_NEEDED = 0.75
"""Share of the frames; where more are needed there is next to nothing to skip."""
NARROWEST = 160
"""Pixels. decord misreads the row length of some narrower pictures (144 and all of 8 to 96 that divide their rows)."""
MOST_AHEAD_BYTES = 64 << 20
"""What decord may hold when it has decoded a whole file ahead; with the rest of the tool it stays below 500 MB."""
_DENSE_KEYS = 4
_MOST_CLAIMED = 4
"""decord allocates for as many frames as the header claims, and aborts the process when that is too many."""
_SKIPPING = "frames that no sample needs are skipped"


@dataclass(frozen=True, slots=True)
class DecoderChoice:
    """A decoder, why it was chosen, and how to open it."""

    decoder: str
    """For the report: `decord`, `pyav`, `pyav: edit list`."""
    open: Callable[[], FrameReader]
    warnings: tuple[str, ...] = ()
    gives_up: bool = False
    """Whether the reader leaves damage to `PyavReader`, which is to go on after it."""


def choose_reader(probe: Probe, request: SampleRequest, opened: VideoSource | None = None) -> DecoderChoice:
    """Choose the decoder: the GPU if asked for and there, else the cheapest one that is right.

    Args:
        probe: of the file.
        request: what is asked for.
        opened: the file as the probe left it, if it is still open.
    """
    if request.decode_device == "gpu":
        try:
            reader = _open_on_gpu(probe, request)
            return DecoderChoice(f"{reader.name} on GPU", lambda: reader, gives_up=True)
        except DeviceError as error:
            warning = f"no GPU decoder (NVDEC) can be used here ({error.problem}); decoding on the CPU"
        on_cpu = _choose_on_cpu(probe, request, opened)
        return replace(on_cpu, warnings=(warning, *on_cpu.warnings))
    return _choose_on_cpu(probe, request, opened)


def _choose_on_cpu(probe: Probe, request: SampleRequest, opened: VideoSource | None) -> DecoderChoice:
    if request.decoder != "decord" and skipping_refusal(probe, request) is None:
        return DecoderChoice(f"pyav: {_SKIPPING}", lambda: SkippingReader(probe, request, opened), gives_up=True)
    if request.decoder == "pyav":
        return pyav_choice(probe, request)
    refusal = decord_refusal(probe, request)
    if request.decoder == "decord" and refusal is not None:
        warning = f"decord cannot be relied on here ({refusal}); PyAV reads the file"
        return replace(pyav_choice(probe, request, refusal), warnings=(warning,))
    if request.decoder == "auto":
        refusal = refusal or decord_drawback(probe, request)
    return (
        DecoderChoice("decord", lambda: DecordReader(probe, request), gives_up=True)
        if refusal is None
        else pyav_choice(probe, request, refusal)
    )


def pyav_choice(probe: Probe, request: SampleRequest, reason: str = "", after: int = BEFORE_ALL) -> DecoderChoice:
    """PyAV, with the reason why it is not decord, and the tick after which samples lie."""
    return DecoderChoice(f"pyav: {reason}" if reason else "pyav", lambda: PyavReader(probe, request, after))


def _open_on_gpu(probe: Probe, request: SampleRequest) -> FrameReader:
    """On a GPU: decord where the file allows and it was built for it, else PyAV with CUDA.

    Raises:
        DeviceError: neither works.
    """
    if request.decoder != "pyav" and decord_refusal(probe, request) is None:
        try:
            return DecordReader(probe, request, on_gpu=True)
        except (DeviceError, DecodeError, InstallationError):
            if request.decoder == "decord":
                raise DeviceError("decode device", "this decord has no GPU decoding", "decode on the CPU") from None
    refusal = "decord does not read it" if request.decoder == "decord" else gpu_refusal(probe, request)
    if refusal is not None:
        raise DeviceError("decode device", refusal, "decode on the CPU")
    return GpuReader(probe, request)


def decord_refusal(probe: Probe, request: SampleRequest) -> str | None:
    """Why decord must not read a file, in a few words; None if it is right on it.

    The cases were measured on videos whose every frame shows its number.
    """
    if probe.container not in SAFE_CONTAINERS:
        return f"container {probe.container.split(',')[0]}"
    if probe.codec not in _TELLING_CODECS:
        return f"codec {probe.codec}"
    if probe.video_streams > 1:
        return "several video streams"
    if not probe.recording.is_whole_file:
        return "joined recordings"
    if probe.orientation != UPRIGHT:
        return "turned picture"
    if probe.sample_size(request.short_side)[0] < NARROWEST:
        return "narrow picture"
    if not _is_utf8(probe.path):
        return "file name outside UTF-8"
    if probe.claimed_frames > _MOST_CLAIMED * len(probe.packets):
        return "false frame count"
    if request.keyframes:
        return "key frames only"
    return _table_refusal(probe.packets, probe)


def decord_drawback(probe: Probe, request: SampleRequest) -> str | None:
    """Why PyAV is cheaper where both are right.

    decord converts every key frame, walks from the start, and decodes ahead without bound while its reader is busy
    elsewhere: 40 ms of work after each of 240 samples of 640x360 took it from 74 to 489 MB.
    """
    width, height = probe.sample_size(request.short_side)
    if len(probe.packets) * width * height * 3 > MOST_AHEAD_BYTES:
        return "long video"
    keys = np.flatnonzero(probe.packets.key)
    if len(keys) * _DENSE_KEYS > len(probe.packets) > _DENSE_KEYS:
        return "dense key frames"
    grid = grid_of(request, probe.time_base)
    if len(keys) > 2 and int(probe.packets.pts[keys[2]]) - probe.first_pts < grid.earliest_needed:
        return "starts within the file"
    return None


def skipping_refusal(probe: Probe, request: SampleRequest) -> str | None:
    """Why frames that no sample needs must be decoded as well, in a few words; None if they need not be.

    Where they need not, PyAV is cheaper: decord decodes them all. CPU over that of decord, medians of five turns on
    8 s of one real recording made anew by x264 and x265 at 720 and 1080 lines: 0.51 to 0.66 at 2 samples a second,
    0.60 to 0.76 at 8, 0.72 to 0.86 at 8 with the earlier frame of a motion stream. Least is won without B-frames: on
    such clips of 320x180, with single turns, up to 1.07 where nearly half of the frames are needed.
    """
    if request.keyframes:
        return "key frames only"
    if probe.container not in _TIMED_CONTAINERS:
        return f"container {probe.container.split(',')[0]}"
    if not probe.tells_unreferred:
        return "codec"
    pictures = 1 if request.lag_s is None else 2
    if request.most_samples * pictures > MOST_NEEDED * probe.fps:
        return "most frames are needed"
    return _table_refusal(probe.packets, probe)


def gpu_refusal(probe: Probe, request: SampleRequest) -> str | None:
    """Why a GPU must not decode a file, in a few words; None if it may.

    It says nothing of damage, so that the packets must be whole, and promise the time of each frame.
    """
    if request.keyframes:
        return "key frames only"
    if not probe.recording.is_whole_file or probe.recording.stream is not None or probe.preceding is not None:
        return "several recordings in one file"
    return _table_refusal(probe.packets, probe)


def _table_refusal(table: PacketTable, probe: Probe) -> str | None:
    if not table.all_timed:
        return "frames without times"
    if probe.lacks_shown_order or (probe.container == "avi" and bool((np.diff(table.pts) <= 0).any())):
        return "B-frames in AVI"
    if table.jumps:
        return "clock jumps back"
    if table.holds(DISCARD):
        return "edit list"
    if table.holds(HIDDEN):
        return "packets without a picture"
    if table.holds(CORRUPT | ZEROED) or probe.truncated or table.breaks or table.holes or table.repaired:
        return "damaged"
    order = np.sort(table.pts)
    if bool((np.diff(order) == 0).any()):
        return "frames of the same time"
    if not table.key[0] or int(table.pts[0]) != int(order[0]) or int(order[0]) != probe.first_pts:
        return "does not start with a key frame"
    return None


def _is_utf8(path: os.PathLike[str]) -> bool:
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True
