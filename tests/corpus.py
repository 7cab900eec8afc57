"""Small painted videos: every frame shows its own number, so that a test knows which frame it was given.

What a file must give (times and numbers) is stated by the one who paints it, never read back from the file.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from vidlabel.video.request import Sample

Picture = npt.NDArray[np.uint8]

CELLS = 4
"""Blocks a side. Six of the sixteen are fixed and tell the eight orientations apart, the rest hold number and check."""
FIXED = {(0, 0): 1, (0, 1): 1, (1, 0): 0, (0, 3): 0, (3, 0): 0, (3, 3): 0}
FREE = [(row, column) for row in range(CELLS) for column in range(CELLS) if (row, column) not in FIXED]
NUMBERS = 128
"""Frame numbers lie below this."""


def paint(number: int, width: int, height: int) -> Picture:
    """A picture of 4x4 black and white blocks that says `number`, upright, (height, width, 3)."""
    if not 0 <= number < NUMBERS:
        raise ValueError(f"{number} does not fit on a picture")
    code = number * 8 + _check(number)
    blocks = np.zeros((CELLS, CELLS), np.uint8)
    for cell, value in FIXED.items():
        blocks[cell] = value
    for bit, cell in enumerate(FREE):
        blocks[cell] = code >> bit & 1
    rows = np.arange(height) * CELLS // height
    columns = np.arange(width) * CELLS // width
    return np.repeat(blocks[rows][:, columns, None] * np.uint8(255), 3, axis=2)


def read_number(rgb: Picture) -> int:
    """The number that a picture shows.

    Raises:
        ValueError: the picture is blurred, not upright, mirrored, skewed or no painted picture at all.
    """
    height, width = rgb.shape[:2]
    blocks = np.zeros((CELLS, CELLS), int)
    for row in range(CELLS):
        for column in range(CELLS):
            top, left = int((row + 0.3) * height / CELLS), int((column + 0.3) * width / CELLS)
            bottom, right = int((row + 0.7) * height / CELLS) + 1, int((column + 0.7) * width / CELLS) + 1
            level = float(rgb[top:bottom, left:right].mean())
            if 90 < level < 165:
                raise ValueError(f"block {row},{column} is grey: {level:.0f}")
            blocks[row, column] = level > 128
    wrong = [cell for cell, value in FIXED.items() if blocks[cell] != value]
    if wrong:
        raise ValueError(f"not upright: blocks {wrong}\n{blocks}")
    code = sum(int(blocks[cell]) << bit for bit, cell in enumerate(FREE))
    number, check = divmod(code, 8)
    if check != _check(number):
        raise ValueError(f"no number: {code}\n{blocks}")
    return number


def readable_numbers(samples: Iterable[Sample]) -> list[tuple[float, int]]:
    """Times and numbers of the samples whose number can be read."""
    found = []
    for sample in samples:
        with contextlib.suppress(ValueError):
            found.append((sample.time_s, read_number(sample.rgb)))
    return found


def _check(number: int) -> int:
    return (number * 5 + number // 8 * 3 + 1) % 8


@dataclass(frozen=True)
class Recipe:
    """How a painted video is encoded and stored."""

    suffix: str = ".mp4"
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=dict)
    container: str | None = None
    container_options: dict[str, str] = field(default_factory=dict)
    width: int = 160
    height: int = 120
    """Stored size, before any turning."""
    frames: int = 60
    rate: Fraction = Fraction(25)
    pixels: str = "yuv420p"
    pts: Callable[[int], int] | None = None
    """Time of frame i in ticks of `time_base`; None: frame i at i / rate."""
    time_base: Fraction | None = None
    aspect: Fraction | None = None
    """Width of a pixel over its height."""
    rotation: int = 0
    """Degrees counterclockwise that a player has to turn the stored picture."""
    mirror: bool = False
    """Whether the stored picture is mirrored left to right for showing, after turning."""
    stored: Callable[[Picture], Picture] | None = None
    """Turns the upright picture into the one that is stored."""
    b_frames: int | None = None
    gop: int = 12


_encoded: dict[tuple[object, ...], bytes] = {}
"""Videos by what they were made from: tests ask for the same ones again and again, and encoding takes up to 1 s."""


def write_video(path: Path, recipe: Recipe, numbers: Iterable[int] | None = None) -> Path:
    """Write a video whose frames show `numbers` (0, 1, 2, ...), encoded as `recipe` says.

    Returns:
        `path`.
    """
    shown = tuple(range(recipe.frames) if numbers is None else numbers)
    made_from = (path.suffix, repr(recipe), recipe.pts, recipe.stored, shown)
    if made_from in _encoded:
        path.write_bytes(_encoded[made_from])
    else:
        _encode(path, recipe, shown)
        _encoded[made_from] = path.read_bytes()
    return path


def _encode(path: Path, recipe: Recipe, numbers: Iterable[int]) -> None:
    shown_width, shown_height = recipe.width, recipe.height
    if recipe.rotation % 180:
        shown_width, shown_height = shown_height, shown_width
    with av.open(str(path), "w", format=recipe.container, container_options=recipe.container_options) as output:
        stream = output.add_stream(recipe.codec, rate=recipe.rate, options=dict(recipe.options))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, recipe.pixels
        stream.codec_context.time_base = recipe.time_base or 1 / recipe.rate
        stream.codec_context.gop_size = recipe.gop
        if recipe.b_frames is not None:
            stream.codec_context.max_b_frames = recipe.b_frames
        if recipe.aspect is not None:
            stream.codec_context.sample_aspect_ratio = recipe.aspect
        if recipe.rotation or recipe.mirror:
            stream.set_display_rotation(recipe.rotation, hflip=recipe.mirror)
        for index, number in enumerate(numbers):
            picture = paint(number, shown_width, shown_height)
            picture = np.ascontiguousarray(recipe.stored(picture) if recipe.stored else picture)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=recipe.pixels)
            frame.pts = recipe.pts(index) if recipe.pts else index
            frame.time_base = stream.codec_context.time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


@dataclass(frozen=True)
class Painted:
    """A video of the catalogue, and what it shows."""

    name: str
    recipe: Recipe
    numbers: tuple[int, ...]
    """Frame numbers in the order in which they are shown."""
    times: tuple[Fraction, ...]
    """Seconds from the first shown frame to each."""
    edit: Callable[[bytes], bytes] | None = None
    """Changes the finished file."""
    decord: bool = False
    """Whether decord is right on it and expected to be taken where most frames are samples."""
    skips: bool = False
    """Whether PyAV is expected to pass over frames that no sample needs, where those are many."""
    start_time: Fraction | None = None
    """Container clock at the first shown frame, where the maker knows it."""

    def write(self, folder: Path) -> Path:
        """Make the file in a folder and return its path."""
        path = write_video(folder / self.name, self.recipe)
        if self.edit is not None:
            path.write_bytes(self.edit(path.read_bytes()))
        return path


def start_edit_list_later(seconds: int) -> Callable[[bytes], bytes]:
    """An edit of an MP4: its edit list starts so much later in the media."""

    def edit(data: bytes) -> bytes:
        time = data.index(b"elst") + 16
        (media_time,) = struct.unpack_from(">i", data, time)
        scale = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)[0]
        return data[:time] + struct.pack(">i", media_time + seconds * scale) + data[time + 4 :]

    return edit


def _x264(**options: object) -> dict[str, str]:
    settings = {"keyint": 12, "bframes": 3, "scenecut": 0, "b-adapt": 0, **options}
    text = ":".join(f"{name.replace('_', '-')}={value}" for name, value in settings.items())
    return {"preset": "veryfast", "x264-params": text}


def _regular(name: str, recipe: Recipe, **facts: object) -> Painted:
    times = tuple(Fraction(index) / recipe.rate for index in range(recipe.frames))
    return Painted(name, recipe, tuple(range(recipe.frames)), times, **facts)  # type: ignore[arg-type]


_VFR_MS = tuple(index * 40 + (index % 5) * 7 + (800 if index >= 30 else 0) for index in range(50))
_MKV30_MS = tuple((index * 1000 + 15) // 30 for index in range(60))
_HEVC = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=12:min-keyint=12:bframes=3"}
_FAST_VPX = {"deadline": "realtime", "cpu-used": "8"}


def _turned(rotation: int, mirror: bool) -> Painted:
    def stored(picture: Picture) -> Picture:
        return np.rot90(picture[:, ::-1] if mirror else picture, k=-(rotation // 90) % 4)

    name = f"turned{rotation}{'_mirrored' if mirror else ''}.mp4"
    recipe = Recipe(options=_x264(), rotation=rotation, mirror=mirror, stored=stored, frames=15)
    return _regular(name, recipe, skips=True)


TURNS = ((90, False), (180, False), (270, False), (0, True), (90, True), (180, True), (270, True))

CATALOGUE: Mapping[str, Painted] = {
    painted.name: painted
    for painted in (
        _regular("closed.mp4", Recipe(options=_x264()), decord=True, skips=True),
        _regular("open.mp4", Recipe(options=_x264(open_gop=1)), decord=True, skips=True),
        _regular("h264.mkv", Recipe(options=_x264()), decord=True, skips=True),
        _regular("h264.mov", Recipe(options=_x264()), decord=True, skips=True),
        _regular(
            "fragmented.mp4",
            Recipe(options=_x264(), container_options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}),
            decord=True,
            skips=True,
        ),
        _regular("hevc.mp4", Recipe(codec="libx265", options=_HEVC), skips=True),
        _regular("vp8.webm", Recipe(codec="libvpx", options={**_FAST_VPX, "auto-alt-ref": "0"})),
        _regular("vp9.webm", Recipe(codec="libvpx-vp9", options=_FAST_VPX)),
        _regular("av1.mp4", Recipe(codec="libsvtav1", options={"preset": "8", "crf": "10"})),
        _regular("h264_b.avi", Recipe(options=_x264())),
        _regular("mpeg4_b.avi", Recipe(codec="mpeg4", b_frames=2)),
        _regular("mpeg4.avi", Recipe(codec="mpeg4"), decord=True),
        _regular("mjpeg.avi", Recipe(codec="mjpeg", pixels="yuvj420p")),
        _regular("prores.mov", Recipe(codec="prores_ks", pixels="yuv422p10le")),
        _regular("closed.ts", Recipe(options=_x264())),
        _regular("open.ts", Recipe(options=_x264(open_gop=1))),
        _regular("mpeg2.mpg", Recipe(codec="mpeg2video", b_frames=2)),
        _regular("wmv2.wmv", Recipe(codec="wmv2")),
        _regular("h264.flv", Recipe(options=_x264())),
        _regular("raw.h264", Recipe(options=_x264())),
        _regular("raw.hevc", Recipe(codec="libx265", options=_HEVC)),
        _regular("raw.m2v", Recipe(codec="mpeg2video", b_frames=2)),
        _regular("animation.gif", Recipe(codec="gif", pixels="rgb8")),
        _regular("animation.apng", Recipe(codec="apng", container="apng", pixels="rgb24")),
        _regular("short.ts", Recipe(options=_x264(), frames=2)),
        _regular("mpeg2.mxf", Recipe(codec="mpeg2video", b_frames=2)),
        _regular("h264.nut", Recipe(options=_x264())),
        _regular("vp9.ivf", Recipe(codec="libvpx-vp9", options=_FAST_VPX)),
        _regular(
            "odd_size.mp4", Recipe(options=_x264(), width=321, height=243, pixels="yuv444p"), decord=True, skips=True
        ),
        _regular("one_frame.mp4", Recipe(options=_x264(), frames=1), decord=True, skips=True),
        _regular(
            "wide_pixels.mp4",
            Recipe(options=_x264(), width=120, height=120, aspect=Fraction(2)),
            decord=True,
            skips=True,
        ),
        *(
            _regular(
                name,
                Recipe(options=_x264(), pts=lambda index: index + 2500),
                decord=True,
                skips=True,
                start_time=Fraction(100),
            )
            for name in ("from_100s.mp4", "from_100s.mkv")
        ),
        Painted(
            "edit_list.mp4",
            Recipe(options=_x264()),
            tuple(range(25, 60)),
            tuple(Fraction(index, 25) for index in range(35)),
            edit=start_edit_list_later(1),
        ),
        *(
            Painted(
                f"vfr{suffix}",
                Recipe(options=_x264(), frames=50, pts=_VFR_MS.__getitem__, time_base=Fraction(1, 1000)),
                tuple(range(50)),
                tuple(Fraction(ms, 1000) for ms in _VFR_MS),
                decord=True,
                skips=True,
            )
            for suffix in (".mp4", ".mkv")
        ),
        Painted(
            "rounded_times.mkv",
            Recipe(options=_x264(), rate=Fraction(30)),
            tuple(range(60)),
            tuple(Fraction(ms, 1000) for ms in _MKV30_MS),
            decord=True,
            skips=True,
        ),
        Painted(
            "thousand_fps.mkv",
            Recipe(options=_x264(), rate=Fraction(1000)),
            tuple(range(60)),
            tuple(Fraction(index, 1000) for index in range(60)),
            decord=True,
            skips=True,
        ),
        *(_turned(rotation, mirror) for rotation, mirror in TURNS),
    )
}
