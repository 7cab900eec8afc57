"""Painted videos with sound: frames that show their numbers, and bursts of a tone; and what a file shows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from corpus import Recipe, read_number, write_video
from sounds import Burst, Clip, bursts_in, write_clip

H264 = {"preset": "veryfast", "x264-params": "keyint=12:min-keyint=12:scenecut=0:bframes=0"}
"""A key frame every 12 frames, without B-frames."""
REORDERED = {"preset": "veryfast", "x264-params": "keyint=12:min-keyint=12:scenecut=0:bframes=3:b-adapt=0"}


def write_sounding(path: Path, recipe: Recipe | None = None, clip: Clip | None = None) -> Path:
    """Make a painted video whose packets lie beside those of the sound of a clip.

    Returns:
        `path`.
    """
    pictures = write_video(path.with_name(f"pictures{path.suffix}"), recipe or Recipe(options=H264))
    sound = write_clip(path.with_name(f"sound{path.suffix}"), clip or Clip())
    with av.open(str(pictures)) as first, av.open(str(sound)) as second, av.open(str(path), "w") as output:
        sources = [first.streams.video[0], *second.streams.audio]
        streams: dict[int, Any] = {id(one): output.add_stream_from_template(one, opaque=True) for one in sources}
        packets: list[Any] = [*first.demux(first.streams.video[0]), *second.demux(second.streams.audio)]
        whole = [packet for packet in packets if packet.dts is not None]
        for packet in sorted(whole, key=lambda packet: packet.dts * packet.time_base):
            packet.stream = streams[id(packet.stream)]
            output.mux(packet)
    pictures.unlink()
    sound.unlink()
    return path


@dataclass(frozen=True)
class Seen:
    """What a player shows of a file."""

    frames: tuple[tuple[float, int], ...]
    """Time since the first one, and the number that it shows."""
    bursts: tuple[Burst, ...]
    """On the same clock, of the first audio stream."""

    @property
    def numbers(self) -> list[int]:
        return [number for _, number in self.frames]


def look(path: Path) -> Seen:
    """Decode a file with FFmpeg alone."""
    frames: list[tuple[Fraction, int]] = []
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.video[0]):
            assert frame.pts is not None
            assert frame.time_base is not None
            rgb = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            upright = np.rot90(rgb, k=(frame.rotation // 90) % 4)
            frames.append((frame.pts * frame.time_base, read_number(upright)))
    zero_s = frames[0][0]
    return Seen(tuple((float(time_s - zero_s), number) for time_s, number in frames), tuple(bursts_of(path, zero_s)))


def bursts_of(path: Path, zero_s: Fraction) -> list[Burst]:
    """The bursts of a tone in the first audio stream, in seconds from a time on its clock."""
    pieces, start_s = [], None
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return []
        resampler = av.AudioResampler(format="flt", layout="mono", rate=16000)
        for frame in container.decode(container.streams.audio[0]):
            assert frame.pts is not None
            assert frame.time_base is not None
            start_s = frame.pts * frame.time_base if start_s is None else start_s
            pieces += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(frame)]
    return [] if start_s is None else bursts_in(np.concatenate(pieces), float(start_s - zero_s))
