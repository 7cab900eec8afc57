"""How memory and time grow: with length, number of files, samples a second, size and workers."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from predict_cost import loop
from processes import peak_memory
from speed_inputs import clip, copies, tiny
from speed_measure import PREDICT, Cost, in_turn, print_table, run, spread

RATES = (1, 2, 5, 10, 30)
SIZES = (240, 480, 720, 1080, 2160)
WORKERS = (1, 2)


def measure_memory(work: Path, runtime: str, minutes: Sequence[int], files: Sequence[int]) -> None:
    """Print the peak memory of all processes, for longer videos and for more of them."""
    rows = []
    for length in minutes:
        video = work / f"long-{length}.mp4"
        if not video.exists():
            loop(tiny(work), length * 60, video)
        peak, seconds = memory_and_time([str(video), "--rate", "0.1", "--runtime", runtime])
        rows.append([f"{length} min", f"{peak / 1e6:.0f}", f"{seconds:.1f}"])
    print_table("Memory: one video at 0.1 samples/s", ["length", "peak MB", "wall s"], rows)
    rows = []
    for count in files:
        folder = copies(work / "many", [_first_seconds(work)] * count)
        shutil.rmtree(work / "out", ignore_errors=True)
        peak, seconds = memory_and_time([str(folder), "-o", str(work / "out"), "--workers", "2", "--runtime", runtime])
        rows.append([str(count), f"{peak / 1e6:.0f}", f"{seconds:.1f}", f"{count / seconds:.1f}"])
    print_table("Memory: many files, 2 workers", ["files", "peak MB", "wall s", "files/s"], rows)


def memory_and_time(arguments: Sequence[str]) -> tuple[int, float]:
    """Most bytes that `vidlabel predict` and its processes held together, and its seconds."""
    started = time.perf_counter()
    peak = peak_memory([*PREDICT, *arguments, "--quiet"])
    return peak, time.perf_counter() - started


def measure_growth(work: Path, repeats: int, runtime: str, plot: Path | None) -> None:
    """Print times over rate, size and workers, and draw them if asked to."""
    video = clip(work, "h264", 720)
    options = ("--device", "cpu", "--runtime", runtime, "--quiet")
    by_rate = {str(rate): _measure([str(video), "--rate", str(rate), *options]) for rate in RATES}
    by_size = {f"{size}p": _measure([str(clip(work, "h264", size)), *options]) for size in SIZES}
    folder = copies(work / "workers", [video] * 8)

    def with_workers(workers: int) -> Cost:
        shutil.rmtree(work / "out", ignore_errors=True)
        return run([*PREDICT, str(folder), "-o", str(work / "out"), "--workers", str(workers), *options])

    by_workers = {str(count): partial(with_workers, count) for count in WORKERS}
    tables: tuple[tuple[str, Mapping[str, Callable[[], Cost]]], ...] = (
        ("samples/s, 8 s of 720p H.264", by_rate),
        ("size, 8 s of H.264 at 2 samples/s", by_size),
        ("workers, 8 clips of 8 s of 720p", by_workers),
    )
    found = {}
    for title, sides in tables:
        costs = in_turn(sides, repeats)
        first = next(iter(costs.values()))
        rows = []
        for name, measured in costs.items():
            ratios = [cost.wall_s / base.wall_s for cost, base in zip(measured, first, strict=True)]
            walls, cpus = [cost.wall_s for cost in measured], [cost.cpu_s for cost in measured]
            rows.append([name, spread(walls), spread(cpus), spread(ratios)])
        head = [title.split(",")[0], "wall s (min / median / max)", "CPU s", "wall / first row"]
        print_table(f"Growth: {title}, start included", head, rows)
        found[title] = {name: statistics.median(cost.wall_s for cost in measured) for name, measured in costs.items()}
    if plot is not None:
        draw(found, plot)


def draw(found: dict[str, dict[str, float]], path: Path) -> None:
    """Draw the medians, one panel for each table."""
    if importlib.util.find_spec("matplotlib") is None:
        raise SystemExit("--plot needs: pip install matplotlib")
    importlib.import_module("matplotlib").use("Agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, panels = pyplot.subplots(1, len(found), figsize=(4 * len(found), 3), layout="constrained")
    for panel, (title, walls) in zip(panels, found.items(), strict=True):
        panel.plot(list(walls), list(walls.values()), marker="o")
        panel.set(xlabel=title, ylabel="wall s", ylim=(0, None))
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    print(f"\nwritten: {path}")


def _measure(arguments: list[str]) -> Callable[[], Cost]:
    return partial(run, [*PREDICT, *arguments])


def _first_seconds(work: Path) -> Path:
    from isolation_cost import write_clips

    folder = work / "first-second"
    folder.mkdir(exist_ok=True)
    return write_clips(tiny(work), folder, 1, 1.0)[0]
