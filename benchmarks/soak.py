"""Thousands of small files, one in twenty of them bad: memory, open files, ended processes and speed over the run.

    python benchmarks/soak.py [--files 3000] [--workers 2]

The videos are painted here with PyAV. Prints a row each tenth of the run, and the first and last against each other.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from processes import Holding, holding

BAD = (b"", b"no video at all", bytes(5000))


def write_clip(path: Path, codec: str, frames: int) -> bytes:
    """Encode a short clip of moving bars."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=Fraction(25))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(frames):
            picture = np.zeros((240, 320, 3), np.uint8)
            picture[:, index * 8 % 320 : index * 8 % 320 + 40] = 200
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path.read_bytes()


def fill(folder: Path, files: int) -> None:
    """Write the folder: three kinds of clips, and every twentieth file bad, one of these cut in the middle."""
    folder.mkdir()
    kinds = [
        (suffix, write_clip(folder.parent / f"clip{suffix}", codec, 50))
        for suffix, codec in ((".mp4", "libx264"), (".webm", "libvpx"), (".avi", "mpeg4"))
    ]
    bad = (*BAD, kinds[0][1][: len(kinds[0][1]) // 2])
    for number in range(files):
        suffix, content = kinds[number % len(kinds)]
        is_bad = number % 20 == 10
        (folder / f"{number}{suffix}").write_bytes(bad[number // 20 % len(bad)] if is_bad else content)


def watch(folder: Path, out: Path, files: int, workers: int) -> list[tuple[int, float, Holding]]:
    """Run `vidlabel predict` and look at it each tenth of the way: files ended, seconds, what it holds."""
    command = [
        sys.executable,
        "-m",
        "vidlabel",
        "predict",
        str(folder),
        "--model",
        "objects",
        "-o",
        str(out),
        "--workers",
        str(workers),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    seen: list[tuple[int, float, Holding]] = []
    started = time.monotonic()
    ended = 0
    for line in process.stderr or ():
        ended += line.startswith(("[", "error:"))
        if ended >= (len(seen) + 1) * files // 10 and len(seen) < 9:
            seen.append((ended, time.monotonic() - started, holding(process.pid)))
    process.wait()
    print(f"ended with status {process.returncode} after {time.monotonic() - started:.0f} s: {line.strip()}")
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "videos"
        fill(folder, asked.files)
        seen = watch(folder, Path(name) / "out", asked.files, asked.workers)
    print("files  files/s  memory MB  descriptors  processes  zombies")
    before, since = 0, 0.0
    speeds = []
    for ended, seconds, held in seen:
        speeds.append((ended - before) / (seconds - since))
        before, since = ended, seconds
        memory = held.memory_bytes / 1e6
        print(f"{ended:5} {speeds[-1]:8.1f} {memory:10.0f} {held.descriptors:12} {held.processes:10} {held.zombies:8}")
    first, last = seen[0][2], seen[-1][2]
    print(
        f"last / first: memory {last.memory_bytes / first.memory_bytes:.3f}, "
        f"descriptors {last.descriptors / first.descriptors:.3f}, speed {speeds[-1] / speeds[1]:.3f} (of the second)"
    )


if __name__ == "__main__":
    main()
