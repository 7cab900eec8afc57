"""How near `vidlabel predict` comes to what its two parts must cost: decoding and encoding, spread over all cores."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from speed_inputs import clip, clips, copies
from speed_measure import PREDICT, Cost, cores, cost_rows, in_turn, print_table, run, run_reporting, spread

DECODE = """
import sys
import time
import av
wall_s, cpu_s = time.perf_counter(), time.process_time()
for name in sys.argv[1:]:
    with av.open(name) as source:
        source.streams.video[0].codec_context.thread_count = 1
        for frame in source.decode(video=0):
            pass
print(time.perf_counter() - wall_s, time.process_time() - cpu_s)
"""
READ = """
import sys
import time
from pathlib import Path
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.session import DecodeSession
from vidlabel.video.request import SampleRequest
wall_s, cpu_s = time.perf_counter(), time.process_time()
for name in sys.argv[1:]:
    with VideoSource(Path(name)) as opened:
        for picture in DecodeSession(opened, SampleRequest(rate=2, short_side=224)).pictures():
            pass
print(time.perf_counter() - wall_s, time.process_time() - cpu_s)
"""
ENCODE = """
import sys
import time
import numpy as np
from vidlabel.process import keep_freed_memory
from vidlabel.features.encoders.frame_encoder import load_encoder
keep_freed_memory()
pictures = np.random.default_rng(0).integers(0, 256, (8, 224, 398, 3), dtype=np.uint8)
encoder = load_encoder(device="cpu", runtime=sys.argv[1])
encoder.encode(pictures)
wall_s, cpu_s = time.perf_counter(), time.process_time()
for _ in range(int(sys.argv[2]) // 8):
    encoder.encode(pictures)
print(time.perf_counter() - wall_s, time.process_time() - cpu_s)
"""
SAMPLES = 16
"""Of a clip of 8 s at the 2 samples a second of `objects`."""
COPIES = 2


def measure_limit(work: Path, repeats: int, runtime: str) -> None:
    """Print vidlabel's time over that of decoding alone and encoding alone."""
    videos = clips(work)
    print_limit("All clips, each twice", work, videos * COPIES, repeats, runtime)


def measure_limit_of_each(work: Path, repeats: int, runtime: str) -> None:
    """The same for each clip by itself, eight times."""
    for video in clips(work):
        print_limit(f"{video.name}, 8 times", work, [video] * 8, repeats, runtime)


def print_limit(title: str, work: Path, videos: list[Path], repeats: int, runtime: str) -> None:
    """Measure some videos in one folder."""
    folder = copies(work / "limit", videos)
    warm = copies(work / "limit-start", [_short(work)] * cores())
    names = [str(video) for video in videos]
    python = (sys.executable, "-c")
    pictures = len(videos) * SAMPLES

    def predict(source: Path) -> Cost:
        shutil.rmtree(work / "out", ignore_errors=True)
        options = ("-o", str(work / "out"), "--workers", str(cores()), "--device", "cpu", "--runtime", runtime)
        return run([*PREDICT, str(source), *options, "--quiet"])

    sides = {
        "`vidlabel predict`": lambda: predict(folder),
        "its start, with one tiny clip a worker": lambda: predict(warm),
        "decoding alone (PyAV, one thread), without start": lambda: run_reporting([*python, DECODE, *names]),
        "vidlabel's reading alone, in one thread, without start": lambda: run_reporting([*python, READ, *names]),
        "encoding alone, without start": lambda: run_reporting([*python, ENCODE, runtime, str(pictures)]),
    }
    if shutil.which("ffmpeg"):
        sides["decoding alone (ffmpeg, one thread)"] = lambda: _ffmpeg(names)
    costs = in_turn(sides, repeats)
    print_table(
        f"Limit: {title} ({cores()} cores, runtime {runtime})",
        ["", "wall s (min / median / max)", "CPU s (min / median / max)"],
        cost_rows(costs),
    )
    whole, start, decode, read, encode = list(costs.values())[:5]
    print_ratios("decoding every frame", whole, start, decode, encode)
    print_ratios("decoding what samples need", whole, start, read, encode)


def print_ratios(
    what: str, whole: Sequence[Cost], start: Sequence[Cost], decode: Sequence[Cost], encode: Sequence[Cost]
) -> None:
    """Print vidlabel's time over that of its parts, of which one is decoding in some way."""
    over, whole_over, cpu_over = [], [], []
    for all_of_it, its_start, decoding, encoding in zip(whole, start, decode, encode, strict=True):
        parts = decoding.cpu_s + encoding.cpu_s
        work_done = all_of_it - its_start
        over.append(work_done.wall_s * cores() / parts)
        whole_over.append(all_of_it.wall_s * cores() / parts)
        cpu_over.append(work_done.cpu_s / parts)
    print(f"\nOver {what} and encoding, spread over the cores:")
    print(f"wall, starts taken off, {spread(over)} (aim: at most 1.15); with vidlabel's start {spread(whole_over)};")
    print(f"CPU, starts taken off, {spread(cpu_over)}")


def measure_runtimes(repeats: int) -> None:
    """Print what one picture costs with each runtime that is installed."""
    names = ["torch", "openvino"] if importlib.util.find_spec("openvino") else ["torch"]
    pictures = 256
    sides = {name: partial(run_reporting, [sys.executable, "-c", ENCODE, name, str(pictures)]) for name in names}
    costs = in_turn(sides, repeats)
    rows = []
    for name, found in costs.items():
        cpu = [1000 * cost.cpu_s / pictures for cost in found]
        ratios = [base.cpu_s / cost.cpu_s for base, cost in zip(costs["torch"], found, strict=True)]
        rows.append([name, spread(cpu), spread(ratios)])
    head = ["runtime", "CPU ms a picture of 224x398 (min / median / max)", "torch / it"]
    print_table(f"Runtimes: the encoder alone ({cores()} cores)", head, rows)


def _ffmpeg(names: list[str]) -> Cost:
    found = [run(["ffmpeg", "-nostdin", "-threads", "1", "-i", name, "-f", "null", "-"]) for name in names]
    return Cost(sum(cost.wall_s for cost in found), sum(cost.cpu_s for cost in found))


def _short(work: Path) -> Path:
    """The first tenth of a second of a clip: what is left of a run when there is next to nothing to do."""
    from isolation_cost import write_clips

    folder = work / "first"
    folder.mkdir(exist_ok=True)
    return write_clips(clip(work, "h264", 720), folder, 1, 0.1)[0]
