"""Pixels: decord and PyAV give the same, and colours are those that were painted."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from video.in_process import samples

Pixels = npt.NDArray[np.uint8]


def write_colours(path: Path, colours: Pixels, matrix: str, tag: int, full_range: bool) -> None:
    """A lossless 4:2:0 video of coloured squares, with its colour matrix stated."""
    picture = np.ascontiguousarray(np.kron(colours, np.ones((32, 32, 1), np.uint8)))
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"qp": "0", "preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace = tag
        stream.codec_context.color_range = 2 if full_range else 1
        source = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame = source.reformat(format="yuv420p", dst_colorspace=matrix, dst_color_range=2 if full_range else 1)
        for index in range(5):
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


@pytest.mark.parametrize(("matrix", "tag"), [("ITU709", 1), ("ITU601", 5), ("BT2020", 9)])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("short_side", [192, 160])
def test_colours_are_those_painted_and_the_same_in_both_decoders(
    matrix: str, tag: int, full_range: bool, short_side: int, tmp_path: Path
) -> None:
    colours = np.random.default_rng(7).integers(0, 256, (6, 8, 3), np.uint8)
    path = tmp_path / "colours.mp4"
    write_colours(path, colours, matrix, tag, full_range)
    by_decord, by_pyav = (samples(path, short_side=short_side, decoder=decoder) for decoder in ("decord", "pyav"))
    ours, theirs = next(by_pyav).rgb, next(by_decord).rgb
    assert by_decord.report.decoder == "decord"
    np.testing.assert_array_equal(ours, theirs)
    height, width = (size / side for size, side in zip(ours.shape[:2], colours.shape[:2], strict=True))
    for row in range(colours.shape[0]):
        for column in range(colours.shape[1]):
            middle = ours[int((row + 0.4) * height) : int((row + 0.6) * height) + 1]
            middle = middle[:, int((column + 0.4) * width) : int((column + 0.6) * width) + 1]
            # 4:2:0 and 8 bits cost a few levels; another matrix costs 7 on average and 30 at worst
            np.testing.assert_allclose(middle.mean((0, 1)), colours[row, column].astype(float), atol=6)
