"""Small videos with sound: silence, and bursts of a tone at known times, which a test looks for.

What a file must give is stated by the one who makes it, never read back from the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias, cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.packet import Packet

FRAME_RATE = 25
LOUD = 0.1
"""Bursts have an amplitude of 0.5; what encoders smear before and after them has less than this."""

SoundPacket: TypeAlias = "Packet[AudioStream]"
Burst = tuple[float, float]
"""First second and last second."""


@dataclass(frozen=True)
class Clip:
    """A video with sound."""

    codec: str = "aac"
    rate: int = 48000
    layout: str = "stereo"
    video_codec: str = "mpeg4"
    video_from: float = 0.0
    """When the pictures begin, on the clock of the container."""
    video_lasts: float = 4.0
    sound_from: float = 0.0
    sound_lasts: float = 4.0
    bursts: tuple[Burst, ...] = ((1.0, 1.2),)
    """On the clock of the container."""
    channels: Callable[[int], float] = field(default=lambda channel: 1.0)
    """How loud the tone is in each channel."""
    edit: Callable[[int, SoundPacket], SoundPacket | None] | None = None
    """Changes packet i of the sound, or leaves it out."""


_made: dict[tuple[str, Clip], bytes] = {}
"""Videos by suffix and clip: many tests ask for the same."""


def write_clip(path: Path, clip: Clip | None = None) -> Path:
    """Write the video; its frames are grey.

    Returns:
        `path`.
    """
    key = path.suffix, clip or Clip()
    if key in _made:
        path.write_bytes(_made[key])
    else:
        _make(path, key[1])
        _made[key] = path.read_bytes()
    return path


def _make(path: Path, clip: Clip) -> None:
    with av.open(str(path), "w") as output:
        video = output.add_stream(clip.video_codec, rate=FRAME_RATE)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = output.add_stream(clip.codec, rate=clip.rate, layout=clip.layout)
        assert isinstance(sound, av.AudioStream)
        packets = [*_pictures(video, clip), *_edited(_encoded(sound, clip), clip)]
        output.mux(sorted(packets, key=_decoding_time))


def join_sounds(path: Path, *sources: Path) -> Path:
    """Copy the pictures of the first video, and the sound of each as a stream of its own.

    Returns:
        `path`.
    """
    with av.open(str(path), "w") as output:
        packets: list[Packet[Any]] = []
        for number, source in enumerate(sources):
            with av.open(str(source)) as video:
                copied = [video.streams.video[0], video.streams.audio[0]][number > 0 :]
                streams = {stream.index: output.add_stream_from_template(stream) for stream in copied}
                for packet in video.demux(copied):
                    if packet.dts is not None:
                        packet.stream = streams[packet.stream.index]
                        packets.append(packet)
        output.mux(sorted(packets, key=_decoding_time))
    return path


def _decoding_time(packet: Packet[Any]) -> Fraction:
    assert packet.dts is not None
    return packet.dts * packet.time_base


def _pictures(video: av.VideoStream, clip: Clip) -> list[Packet[Any]]:
    packets: list[Packet[Any]] = []
    for number in range(int(clip.video_lasts * FRAME_RATE)):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 2 * number % 256, np.uint8))
        frame.pts, frame.time_base = number + int(clip.video_from * FRAME_RATE), Fraction(1, FRAME_RATE)
        packets += video.encode(frame.reformat(format="yuv420p"))
    return [*packets, *video.encode(None)]


def _edited(packets: Sequence[SoundPacket], clip: Clip) -> list[SoundPacket]:
    edit = clip.edit
    if edit is None:
        return list(packets)
    edited = (edit(number, packet) for number, packet in enumerate(packets))
    return [packet for packet in edited if packet is not None]


def _encoded(sound: av.AudioStream, clip: Clip) -> list[SoundPacket]:
    frame = _frame(sound, clip)
    packets: list[Packet[Any]] = []
    size = sound.codec_context.frame_size or 1024
    fifo, place = av.AudioFifo(), round(clip.sound_from * clip.rate)
    fifo.write(frame)
    while (piece := fifo.read(size, partial=True)) is not None:
        piece.pts, piece.time_base = place, Fraction(1, clip.rate)
        place += piece.samples
        packets += sound.encode(piece)
    return [*packets, *sound.encode(None)]


def _frame(sound: av.AudioStream, clip: Clip) -> av.AudioFrame:
    tone = tones(clip)
    count = len(av.AudioLayout(clip.layout).channels)
    channels = np.stack([tone * clip.channels(channel) for channel in range(count)])
    stored = sound.format.name.removesuffix("p")
    full_scale = {"s16": 2**15 - 1, "s32": 2**31 - 1, "flt": 1, "dbl": 1}[stored]
    data = (channels * full_scale).astype(
        {"s16": np.int16, "s32": np.int32, "flt": np.float32, "dbl": np.float64}[stored]
    )
    if not sound.format.is_planar:
        data = data.T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data), sound.format.name, clip.layout)
    frame.sample_rate = clip.rate
    return frame


def tones(clip: Clip) -> npt.NDArray[np.float64]:
    """One channel of its sound."""
    time = clip.sound_from + np.arange(int(clip.sound_lasts * clip.rate)) / clip.rate
    is_loud = np.any([(time >= start) & (time < end) for start, end in clip.bursts], axis=0)
    sound: npt.NDArray[np.float64] = is_loud * 0.5 * np.sin(2 * np.pi * 1000 * time)
    return sound


def without_sense(packet: SoundPacket) -> SoundPacket:
    """The packet with bytes that no decoder of sound takes."""
    other = cast("SoundPacket", Packet(bytes([0x5A, 0xFF]) * (packet.size // 2)))
    other.pts, other.dts, other.duration = packet.pts, packet.dts, packet.duration
    other.time_base, other.stream, other.is_keyframe = packet.time_base, packet.stream, True
    return other


def bursts_in(sound: npt.NDArray[np.float32], start_s: float) -> list[Burst]:
    """First and last second of each burst in a sound at 16 kHz that begins at a time; bursts are 0.05 s apart."""
    loud = np.flatnonzero(np.abs(sound) > LOUD)
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > 800)
    firsts = [loud[0], *loud[breaks + 1]]
    lasts = [*loud[breaks], loud[-1]]
    return [(start_s + first / 16000, start_s + last / 16000) for first, last in zip(firsts, lasts, strict=True)]
