"""Heat maps are hot where the evidence was painted, in places of the upright frame, whatever the encoder sees."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from explanation.linear_score import LinearScore
from vidlabel.explanation.picture_evidence import HeatMap, find_picture_evidence
from vidlabel.explanation.sample_reading import SampleReader
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.frame_encoder import load_encoder
from vidlabel.features.streams.motion import motion_picture
from vidlabel.features.streams.pictures import Picture, view_picture
from vidlabel.stream_spec import View
from vidlabel.video.isolation.pool import DecodePool

WIDTH, HEIGHT, SQUARE = 288, 224, 84
TOLERANCE = 15
"""Pixels, as in the pointing game of J. Zhang et al., "Top-Down Neural Attention by Excitation Backprop", 2018."""
CONFIG = FeatureConfig(rate=2)


def painted(top: int, left: int) -> Picture:
    """Checks before grey."""
    picture = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    rows, columns = np.indices((SQUARE, SQUARE)) // 7
    picture[top : top + SQUARE, left : left + SQUARE] = ((rows + columns) % 2 * 255)[..., None]
    return picture


def write_frames(path: Path, pictures: list[Picture], turned: int = 0) -> Path:
    """10 pictures a second, stored turned by so many quarters, which players turn back."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=10, options={"crf": "8", "preset": "veryfast"})
        assert isinstance(stream, av.VideoStream)
        stored = [np.ascontiguousarray(np.rot90(picture, -turned)) for picture in pictures]
        stream.height, stream.width = stored[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        if turned:
            stream.set_display_rotation(90 * turned)
        for number, picture in enumerate(stored):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def weights(shown: Picture, empty: Picture, view: View) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """What the square adds to a feature."""
    pictures = np.stack([view_picture(one, view) for one in (shown, empty)])
    with_square, without = load_encoder(runtime="torch").encode(np.ascontiguousarray(pictures))
    found: np.ndarray[tuple[int], np.dtype[np.float32]] = (with_square - without).clip(0)
    return found


@pytest.mark.parametrize(
    ("stream", "view", "turned", "place"),
    [
        ("frames", "centre-flipped", 1, (20, 50)),
        ("frames", "whole", 0, (120, 180)),
        ("motion", "left-flipped", 3, (110, 20)),
    ],
)
def test_the_peak_lies_on_the_square(
    stream: str, view: View, turned: int, place: tuple[int, int], decode_pool: DecodePool, tmp_path: Path
) -> None:
    top, left = place
    shown, empty = painted(top, left), np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    video = write_frames(tmp_path / "square.mp4", [empty] * 5 + [shown] * 3, turned)
    seen = (motion_picture(shown, empty), motion_picture(empty, empty)) if stream == "motion" else (shown, empty)
    score = LinearScore(stream, weights(*seen, view), np.array([0, 0.5]), step=1, view=view, config=CONFIG)
    (found,) = find_picture_evidence(score, stream, [1], SampleReader(video, CONFIG, decode_pool, print), tmp_path)
    measured = found.details
    assert isinstance(measured, HeatMap)
    for x, y in (measured.peak, measured.occlusion_peak):
        assert left - TOLERANCE <= x * WIDTH <= left + SQUARE + TOLERANCE
        assert top - TOLERANCE <= y * HEIGHT <= top + SQUARE + TOLERANCE
    assert measured.rank_correlation is not None
    assert measured.rank_correlation > 0.3
    # Both grids are in the order of the frame: their highest patch is where the peak is.
    ends = measured.seen
    for grid in (np.array(measured.occlusion), np.array(measured.activation)):
        row, column = np.unravel_index(int(grid.argmax()), grid.shape)
        x = ends[0] + (ends[2] - ends[0]) * (column + 0.5) / grid.shape[1]
        y = ends[1] + (ends[3] - ends[1]) * (row + 0.5) / grid.shape[0]
        assert left - TOLERANCE <= x * WIDTH <= left + SQUARE + TOLERANCE
        assert top - TOLERANCE <= y * HEIGHT <= top + SQUARE + TOLERANCE
    assert found.file is not None
    with Image.open(tmp_path / found.file) as image:
        scale = image.width // WIDTH
        drawn = np.asarray(image).astype(int)
    assert drawn.shape == (HEIGHT * scale, WIDTH * scale, 3)
    yellow = drawn[..., 0] - drawn[..., 2]
    row, column = np.unravel_index(int(yellow.argmax()), yellow.shape)
    assert left - TOLERANCE <= column / scale <= left + SQUARE + TOLERANCE
    assert top - TOLERANCE <= row / scale <= top + SQUARE + TOLERANCE


def test_motion_has_no_picture_at_the_first_sample(decode_pool: DecodePool, tmp_path: Path) -> None:
    video = write_frames(tmp_path / "square.mp4", [painted(8, 8)] * 3)
    config = replace(CONFIG, short_side=64)
    score = LinearScore("motion", np.ones(1280, np.float32), np.array([0.0]), config=config)
    assert find_picture_evidence(score, "motion", [0], SampleReader(video, config, decode_pool, print), tmp_path) == []


def test_a_sample_that_is_not_there_any_more_is_left_out(decode_pool: DecodePool, tmp_path: Path) -> None:
    video = write_frames(tmp_path / "square.mp4", [painted(8, 8)] * 3)
    score = LinearScore("frames", np.ones(1280, np.float32), np.array([0.0, 7.0]), step=1, config=CONFIG)
    warnings: list[str] = []
    reader = SampleReader(video, CONFIG, decode_pool, warnings.append)
    assert find_picture_evidence(score, "frames", [1], reader, tmp_path) == []
    assert warnings == [f"{video}: frames at 7.000 s cannot be read again; it is not shown where it counts"]


def test_a_video_that_is_gone_is_said(decode_pool: DecodePool, tmp_path: Path) -> None:
    warnings: list[str] = []
    reader = SampleReader(tmp_path / "gone.mp4", CONFIG, decode_pool, warnings.append)
    assert list(reader.at("frames", [0.5])) == []
    assert "gone.mp4" in warnings[0]
    assert warnings[1].endswith("frames at 0.500 s cannot be read again; it is not shown where it counts")
