"""The videos that speed is measured on: made once from real footage, and kept in a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import PictureType

EXAMPLE = Path(__file__).parent.parent / "examples" / "bottle-detection.mp4"
SECONDS = 8
RATE = 30

CODECS = {
    "h264": ("libx264", ".mp4", {"preset": "medium", "crf": "23"}),
    "hevc": ("libx265", ".mp4", {"preset": "fast", "crf": "26", "x265-params": "log-level=error"}),
    "vp9": ("libvpx-vp9", ".webm", {"deadline": "realtime", "cpu-used": "7", "crf": "33", "b": "0"}),
    "av1": ("libsvtav1", ".mkv", {"preset": "10", "crf": "38"}),
}
HEIGHTS = (720, 1080)


def footage() -> Path:
    """A real video of 720 lines if there is one, else the example."""
    data = os.environ.get("VIDLABEL_DATA")
    found = sorted(Path(data).glob("gmdcsa24/**/*.mp4")) if data else []
    wide = [path for path in found if _height(path) == 720]
    return max(wide, key=lambda path: path.stat().st_size, default=EXAMPLE)


def clip(work: Path, codec: str, height: int) -> Path:
    """A clip of `SECONDS` in one codec and size, 16:9; made if it is not there."""
    encoder, suffix, options = CODECS[codec]
    path = work / f"{codec}-{height}{suffix}"
    if path.exists():
        return path
    work.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"partial-{path.name}")
    with av.open(str(partial), "w") as sink:
        stream = sink.add_stream(encoder, rate=RATE, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = height * 16 // 18 * 2, height, "yuv420p"
        for number, frame in enumerate(_frames(SECONDS * RATE)):
            scaled = frame.reformat(width=stream.width, height=height, format="yuv420p")
            scaled.pts, scaled.time_base, scaled.pict_type = number, Fraction(1, RATE), PictureType.NONE
            sink.mux(stream.encode(scaled))
        sink.mux(stream.encode(None))
    partial.rename(path)
    return path


def clips(work: Path) -> list[Path]:
    """One clip of each codec and size."""
    return [clip(work, codec, height) for height in HEIGHTS for codec in CODECS]


def short_clips(work: Path, count: int) -> Path:
    """A folder of so many short real clips: those of fight-surv, as links, over and over if there are too few."""
    data = os.environ.get("VIDLABEL_DATA")
    found = sorted(Path(data).glob("fight-surv/**/*.mp4")) if data else []
    sources = found[:: max(1, len(found) // count)] or [clip(work, "h264", 720)]
    return copies(work / f"short-{count}", [sources[number % len(sources)] for number in range(count)])


def copies(folder: Path, sources: list[Path]) -> Path:
    """A new folder with a link to each of the videos."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, source in enumerate(sources):
        (folder / f"{number:05}{source.suffix}").symlink_to(source.resolve())
    return folder


def tiny(work: Path) -> Path:
    """One minute of 160x120 at 5 frames a second: cheap to decode, for what grows with length and number."""
    path = work / "tiny.mp4"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as sink:
            stream = sink.add_stream("libx264", rate=5)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
            for number, frame in enumerate(_frames(300)):
                scaled = frame.reformat(width=160, height=120, format="yuv420p")
                scaled.pts, scaled.time_base, scaled.pict_type = number, Fraction(1, 5), PictureType.NONE
                sink.mux(stream.encode(scaled))
            sink.mux(stream.encode(None))
    return path


def _frames(count: int) -> Iterator[av.VideoFrame]:
    """Frames of the footage, from its start again when it is over."""
    given = 0
    while given < count:
        with av.open(str(footage())) as source:
            for frame in source.decode(video=0):
                if given == count:
                    return
                yield frame
                given += 1


def _height(path: Path) -> int:
    with av.open(str(path)) as source:
        return source.streams.video[0].height
