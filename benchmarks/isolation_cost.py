"""What reading videos in a process of their own costs, against reading them in the process that asked.

    python benchmarks/isolation_cost.py [VIDEO] [--rate 2] [--clips 50] [--seconds 2] [--rounds 7]

Reads one video, and a folder of short clips made from it, with both, in turn in one run. CPU seconds are those of the
process and all below it; starting up is measured in the same way without videos, and taken off.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av

EXAMPLE = Path(__file__).parent.parent / "examples" / "bottle-detection.mp4"

READERS = {
    "in this process": """
import sys
from contextlib import contextmanager
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.session import DecodeSession
from vidlabel.video.request import Sample
finish = lambda: None
@contextmanager
def open_video(path, request):
    with VideoSource(path) as opened:
        reading = DecodeSession(opened, request)
        yield (Sample(reading.probe.seconds(p.time), p.rgb, p.earlier_rgb) for p in reading.pictures())
""",
    "isolated": """
import sys
from functools import partial
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.samples import open_isolated_samples
pool = DecodePool()
pool.start()
open_video = partial(open_isolated_samples, pool=pool)
finish = pool.close
""",
}
USES = {
    "reading": "use = iter",
    "reading and encoding": """
from vidlabel.features.encoders.frame_encoder import load_encoder
from vidlabel.features.config import FeatureBlock
from vidlabel.features.pipeline import encode_samples
encoders = {"frames": load_encoder()}
use = lambda stream: encode_samples(stream, encoders, [FeatureBlock("frames", "whole")])
""",
}
READ = """
from pathlib import Path
from vidlabel.video.decoders.decord import load_decord
from vidlabel.video.request import SampleRequest
WARM_UP
import time
begun = time.perf_counter()
for name in sys.argv[2:]:
    with open_video(Path(name), SampleRequest(rate=float(sys.argv[1]))) as stream:
        for features in use(stream):
            pass
print(time.perf_counter() - begun)
finish()
"""
WARM_UP = """
with open_video(Path(sys.argv[2]), SampleRequest(rate=1)) as stream:
    next(iter(use(stream)))
del sys.argv[2]
"""


@dataclass(frozen=True)
class Cost:
    """Of reading some videos."""

    wall_s: float
    cpu_s: float


def measure(reader: str, use: str, warm_up: Path, videos: Sequence[Path], rate: float) -> Cost:
    """Read videos in a fresh process that is warm already."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = READERS[reader] + USES[use] + READ.replace("WARM_UP", WARM_UP)
    command = [sys.executable, "-c", code, str(rate), str(warm_up), *map(str, videos)]
    wall_s = float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def compare(title: str, use: str, warm_up: Path, videos: Sequence[Path], rate: float, rounds: int) -> None:
    """Print the cost of both readers, and its ratio."""
    wall, cpu = [], []
    for _ in range(rounds):
        costs = {}
        for reader in READERS:
            whole = measure(reader, use, warm_up, videos, rate)
            start = measure(reader, use, warm_up, [], rate)
            costs[reader] = Cost(whole.wall_s, whole.cpu_s - start.cpu_s)
        plain, isolated = (costs[reader] for reader in READERS)
        wall.append(isolated.wall_s / plain.wall_s)
        cpu.append(isolated.cpu_s / plain.cpu_s)
        print(f"  wall {plain.wall_s:.3f} -> {isolated.wall_s:.3f} s, CPU {plain.cpu_s:.3f} -> {isolated.cpu_s:.3f} s")
    print(
        f"{use} {title}: isolated / in this process, median of {rounds}: "
        f"wall {statistics.median(wall):.3f}, CPU {statistics.median(cpu):.3f}"
    )


def write_clips(video: Path, folder: Path, clips: int, seconds: float) -> list[Path]:
    """Cut the packets of a video into short clips, each from its first key frame on."""
    paths = [folder / f"{number}.mp4" for number in range(clips)]
    for path in paths:
        with av.open(str(video)) as source, av.open(str(path), "w") as sink:
            stream = source.streams.video[0]
            copy = sink.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.pts is None or float(packet.pts * (packet.time_base or 1)) > seconds:
                    break
                packet.stream = copy
                sink.mux(packet)
    return paths


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("video", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--rate", type=float, default=2.0)
    parser.add_argument("--clips", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        clips = write_clips(arguments.video, Path(name), arguments.clips, arguments.seconds)
        for use in USES:
            compare("one video, 5 times", use, clips[0], [arguments.video] * 5, arguments.rate, arguments.rounds)
            compare(f"{len(clips)} clips", use, clips[0], clips, arguments.rate, arguments.rounds)
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
