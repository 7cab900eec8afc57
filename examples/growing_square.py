"""Write small clips to learn from: a square that grows or shrinks.

    python examples/growing_square.py clips/

Makes clips/grows and clips/shrinks with eight clips each, the tables labels.csv, growth.csv and groups.csv, and
day.mp4 beside the folder: a longer video in which the square grows, rests, and shrinks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

SIZE = 128
RATE = 15
FRAMES = 24
CLIPS = 8

Picture = npt.NDArray[np.uint8]


def picture(share: float, grey: int) -> Picture:
    """A square in the middle, as large as this share of the picture."""
    rgb = np.full((SIZE, SIZE, 3), grey, np.uint8)
    half = max(1, round(share * SIZE / 2))
    rgb[SIZE // 2 - half : SIZE // 2 + half, SIZE // 2 - half : SIZE // 2 + half] = (220, 60, 30)
    return rgb


def write_video(path: Path, pictures: Iterable[Picture]) -> None:
    """Encode pictures as H.264."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("libx264", rate=RATE)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = SIZE, SIZE, "yuv420p"
        for rgb in pictures:
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        sink.mux(stream.encode(None))


def shares(label: str) -> list[float]:
    """How large the square is in each frame."""
    growing = np.linspace(0.1, 0.9, FRAMES).tolist()
    return growing if label == "grows" else growing[::-1]


def main(folder: Path) -> None:
    """Write all clips and tables."""
    labels, groups = ["video,start,end,label"], ["video,group"]
    for number in range(CLIPS):
        for label in ("grows", "shrinks"):
            name = f"{label}/{number}.mp4"
            write_video(folder / name, (picture(share, 30 + 25 * number) for share in shares(label)))
            labels.append(f"{name},,,{label}")
            groups.append(f"{name},camera {number}")
    (folder / "labels.csv").write_text("\n".join(labels) + "\n", encoding="utf-8")
    growth = [line.replace(",,,shrinks", ",,,background") for line in labels]
    (folder / "growth.csv").write_text("\n".join(growth) + "\n", encoding="utf-8")
    (folder / "groups.csv").write_text("\n".join(groups) + "\n", encoding="utf-8")
    sizes = [*shares("grows"), *[0.9] * 60, *shares("shrinks"), *[0.1] * 60]
    write_video(folder.parent / "day.mp4", (picture(share, 100) for share in sizes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
