"""What of the sound around a sample the evidence of the stream `audio` lies in: when, and in which frequencies.

96 x 64 frames in time and bands of the spectrogram of a window, R x K blocks of it, B variants, D numbers in a feature.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidlabel.explanation.drawing import spectrogram_picture, write_picture
from vidlabel.explanation.explanation import Evidence
from vidlabel.explanation.label_score import LabelScore
from vidlabel.explanation.patch_occlusion import PatchGrid
from vidlabel.explanation.sample_reading import SAME_TIME_S, SampleReader
from vidlabel.features.encoders.log_mel import BANDS, FRAME_STEP, FRAMES, band_edges_hz, log_mel
from vidlabel.features.encoders.networks import EncoderNetwork
from vidlabel.features.encoders.sound_encoder import load_yamnet_layers, spectrograms
from vidlabel.features.encoders.yamnet import yamnet_network
from vidlabel.features.streams.registry import find_stream
from vidlabel.heads.recurrent import one_thread
from vidlabel.stream_spec import View
from vidlabel.video.request import SOUND_RATE, SOUND_WINDOW, Sample

GRID = PatchGrid(FRAMES, BANDS, rows=8, columns=8)
"""Blocks of 240 ms and 16 bands that are covered."""
_AROUND = 2
"""Windows that are drawn before and after that of a sample."""
_READ_RATE = 4.0
"""Samples a second of which the sound is put together: their windows overlap."""
_DECIMALS = 6

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SoundEvidence:
    """What was measured in the sound around one sample."""

    start: float
    """Seconds at which the sound begins that the encoder hears; before 0, there is none."""
    end: float
    peak_start: float
    """Seconds of the block without which the score loses most."""
    peak_end: float
    peak_low_hz: float
    peak_high_hz: float
    occlusion: tuple[tuple[float, ...], ...]
    """Log-odds lost without each block: a row for each time, in it from low to high."""


def find_sound_evidence(
    score: LabelScore, stream: str, steps: list[int], reader: SampleReader, folder: Path
) -> list[Evidence]:
    """Measure which times and bands add to the score at some samples, and draw the sound around them.

    Args:
        score: of the label.
        stream: `audio`.
        steps: numbers of samples.
        reader: of the video.
        folder: for the pictures.

    Raises:
        OutputError: see `find_evidence`.
    """
    network, found = yamnet_network(load_yamnet_layers(), "cpu"), []
    for step in steps:
        time_s = float(score.times[step])
        windows = _windows_around(time_s, stream, score.model.spec.stream(stream).view, reader)
        own = next((window for at_s, window in windows if abs(at_s - time_s) < SAME_TIME_S), None)
        if own is None:
            reader.warn_missing(stream, time_s)
            continue
        lost = _occluded(score, stream, step, network, own)
        measured = _measured(time_s, lost)
        file = f"{stream}-{time_s:09.3f}.png"
        frames, bands = _block(lost)
        before = _AROUND * FRAMES
        block = slice(before + frames.start, before + frames.stop), bands
        levels = _levels(_spectrogram(time_s, windows))
        write_picture(spectrogram_picture(levels, slice(before, before + FRAMES), block), folder / file)
        summary = (
            f"{stream} at {time_s:.2f} s: most at {measured.peak_start:.2f}-{measured.peak_end:.2f} s, "
            f"{measured.peak_low_hz:.0f}-{measured.peak_high_hz:.0f} Hz"
        )
        found.append(Evidence(stream, time_s, "spectrogram", file, summary, measured))
    return found


def _windows_around(time_s: float, stream: str, view: View, reader: SampleReader) -> list[tuple[float, FloatArray]]:
    """The time and the sound, (15600,), of the samples of the drawn stretch."""
    reach = (_AROUND + 1) * SOUND_WINDOW / SOUND_RATE
    samples = list[Sample](reader.between(stream, time_s - reach, time_s + reach, _READ_RATE))
    with_sound = [sample for sample in samples if sample.sound is not None]
    if not with_sound:
        return []
    sounds = find_stream(stream).prepare(with_sound, [view])[0]
    return [(sample.time_s, sound) for sample, sound in zip(with_sound, sounds, strict=True)]


def _occluded(score: LabelScore, stream: str, step: int, network: EncoderNetwork, window: FloatArray) -> Floats:
    """(R, K) log-odds lost with each block of the spectrogram at its mean."""
    whole = spectrograms(window[None])[0, 0]
    variants = np.stack([whole, *GRID.covered(whole, whole.mean(dtype=np.float64).astype(np.float32))])
    with one_thread():
        rows = np.concatenate([network.run(one[None, None]) for one in variants])
    found = score.replaced(stream, step, rows)
    lost: Floats = found[0] - found[1:]
    return lost.reshape(GRID.rows, GRID.columns)


def _block(lost: Floats) -> tuple[slice, slice]:
    """Frames and bands of the block that adds most, as far as it is nobody else's."""
    row, column = np.unravel_index(int(lost.argmax()), lost.shape)
    sides = zip((row, column), (GRID.rows, GRID.columns), (FRAMES, BANDS), strict=True)
    frames, bands = (slice(int(own) * size // count, (int(own) + 1) * size // count) for own, count, size in sides)
    return frames, bands


def _measured(time_s: float, lost: Floats) -> SoundEvidence:
    start_s = time_s - SOUND_WINDOW / 2 / SOUND_RATE
    frames, bands = _block(lost)
    edges = band_edges_hz()
    return SoundEvidence(
        start=round(start_s, 3),
        end=round(start_s + SOUND_WINDOW / SOUND_RATE, 3),
        peak_start=round(start_s + frames.start * FRAME_STEP / SOUND_RATE, 3),
        peak_end=round(start_s + frames.stop * FRAME_STEP / SOUND_RATE, 3),
        peak_low_hz=round(float(edges[bands.start]), 1),
        peak_high_hz=round(float(edges[bands.stop + 1]), 1),
        occlusion=tuple(tuple(round(value, _DECIMALS) + 0.0 for value in row) for row in lost.tolist()),
    )


def _spectrogram(time_s: float, windows: list[tuple[float, FloatArray]]) -> FloatArray:
    """(frames, bands) of the windows around a time: side by side, they leave no frame out and give none twice."""
    step, count = FRAMES * FRAME_STEP, 2 * _AROUND + 1
    wave = np.zeros((count - 1) * step + SOUND_WINDOW, np.float32)
    first_s = time_s - _AROUND * step / SOUND_RATE
    # The window of the sample itself last: it is what the encoder heard, where others were taken for silent or not.
    for at_s, window in sorted(windows, key=lambda found: -abs(found[0] - time_s)):
        begin = round((at_s - first_s) * SOUND_RATE)
        low, high = max(0, begin), min(len(wave), begin + SOUND_WINDOW)
        if low < high:
            wave[low:high] = window[low - begin : high - begin]
    return np.concatenate([log_mel(wave[place : place + SOUND_WINDOW]) for place in range(0, count * step, step)])


def _levels(spectrogram: FloatArray) -> Floats:
    """0 to 1 from the quietest to the loudest."""
    values = spectrogram.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    levels: Floats = (values - low) / max(high - low, 1e-9)
    return levels
