"""How fast whole commands are on a GPU, beside one core and all cores of the same machine.

Each command runs over few and over many copies of one clip: the difference is free of what starting costs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from gpu_check_encoding import EXAMPLE
from gpu_check_rows import NO_GPU, Figure, Row, Setting, judged
from vidlabel.process import available_cores

AIM = 20.0
"""Times one core."""

_CPU = ("--device", "cpu", "--runtime", "torch", "--decoder", "pyav")
_ONE_CORE = "one core"
_SPEED = "x real time"
_OVER = "over one core"
_LEAST_DIFFERENCE_S = 0.2
"""Between the runs over few and over many copies; less is noise."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What is copied to make a folder of videos."""

    seconds: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Side:
    """One way to do the same work."""

    options: tuple[str, ...]
    few: int
    """Copies of the clip in the short run; `many` in the long one."""
    many: int
    one_core: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One command that ended."""

    wall_s: float
    words: str
    """What it wrote on standard error."""


def check_speed(setting: Setting) -> Iterator[Row]:
    """`vidlabel predict` of a folder of long clips, 2 samples a second."""
    clip = Clip(2, 160, 120) if setting.quick else Clip(20, 1280, 720)
    few, many = (1, 2) if setting.quick else (2, 8)
    yield from _predict_rows("predict, long clips", clip, _sides(setting, few, many), setting)


def check_short_clips(setting: Setting) -> Iterator[Row]:
    """`vidlabel predict` of a folder of clips of 2 s."""
    clip = Clip(1, 160, 120) if setting.quick else Clip(2, 640, 360)
    few, many = (1, 3) if setting.quick else (10, 50)
    yield from _predict_rows("predict, short clips", clip, _sides(setting, few, many), setting)


def check_feature_speed(setting: Setting) -> Iterator[Row]:
    """`vidlabel features`, frames and motion at 8 samples a second, which takes videos one after the other."""
    if setting.device == "none":
        yield Row("features", "not possible here", NO_GPU)
        return
    clip = Clip(1, 160, 120) if setting.quick else Clip(20, 1280, 720)
    video = write_clip(setting.folder / "clip.mp4", clip)
    few, many = (1, 2) if setting.quick else (1, 3)
    rows: dict[str, Row] = {}
    for name, side in {
        _ONE_CORE: Side(_CPU, few, many, one_core=True),
        "all cores": Side(_CPU, few, many),
        "GPU": Side(_on_gpu(setting), few, 4 * many),
    }.items():
        runs = [_features(video, copies, side, setting.folder / f"features {name}") for copies in (few, side.many)]
        rows[name] = speed_row(f"features, {name}", clip, side, runs, rows.get(_ONE_CORE))
        yield rows[name]


def check_training(setting: Setting) -> Iterator[Row]:
    """`vidlabel train` of clips of two colours, from the videos to the model."""
    if setting.device == "none":
        yield Row("training", "not possible here", NO_GPU)
        return
    table = write_training_set(setting.folder / "training", 4 if setting.quick else 24)
    epochs = ("--epochs", "1" if setting.quick else "10", "--inner-folds", "2")
    walls: dict[str, float] = {}
    for name, options in {"all cores": _CPU[:4], "GPU": _on_gpu(setting)[:4]}.items():
        model = setting.folder / f"{name}.safetensors"
        command = ("train", str(table), "-o", str(model), *epochs, *options, "--cache-dir", str(model) + ".cache")
        walls[name] = _run(command).wall_s
        yield judged(f"training, {name}", {"no model": model.is_file()}, {"wall s": walls[name]})


def _sides(setting: Setting, few: int, many: int) -> Mapping[str, Side]:
    """So many copies for each core; the order is that of importance.

    NVDEC has fewer copies: on an H200 and 16 cores it read a twelfth of what the cores did.
    """
    cores = 1 if setting.quick else available_cores()
    on_gpu = _on_gpu(setting)
    on_nvdec = (*on_gpu, "--decode-device", setting.decode_device)
    return {
        _ONE_CORE: Side((*_CPU, "--workers", "1"), few, many, one_core=True),
        "GPU": Side(on_gpu, few * cores, many * cores),
        "all cores": Side(_CPU, few * cores, many * cores),
        "GPU and NVDEC": Side(on_nvdec, cores, (many // few) * cores),
    }


def _on_gpu(setting: Setting) -> tuple[str, ...]:
    if setting.device == "cuda":
        return "--device", "cuda", "--runtime", "torch-half", "--decoder", "pyav"
    return _CPU


def _predict_rows(title: str, clip: Clip, sides: Mapping[str, Side], setting: Setting) -> Iterator[Row]:
    """One way after the other, then whether the aim is reached."""
    if setting.device == "none":
        yield Row(title, "not possible here", NO_GPU)
        return
    video = write_clip(setting.folder / f"{title.replace(', ', '_').replace(' ', '_')}.mp4", clip)
    rows: dict[str, Row] = {}
    for name, side in sides.items():
        runs = [_predict(video, copies, side) for copies in (side.few, side.many)]
        rows[name] = speed_row(f"{title}, {name}", clip, side, runs, rows.get(_ONE_CORE))
        yield rows[name]
    if setting.device == "cuda":
        yield aim_row(title, [rows["GPU"], rows["GPU and NVDEC"]])


def speed_row(name: str, clip: Clip, side: Side, runs: Sequence[Run], one_core: Row | None) -> Row:
    """What a short and a long run tell of the speed, starting left out."""
    longer_s = runs[1].wall_s - runs[0].wall_s
    figures: dict[str, Figure] = {"wall s, few": runs[0].wall_s, "wall s, many": runs[1].wall_s}
    figures |= _waiting(runs[1].words)
    if longer_s < _LEAST_DIFFERENCE_S:
        return Row(name, "not possible here", "many copies took no longer than few", figures)
    figures[_SPEED] = clip.seconds * (side.many - side.few) / longer_s
    if one_core is not None and _SPEED in one_core.figures:
        figures[_OVER] = float(figures[_SPEED]) / float(one_core.figures[_SPEED])
    return Row(name, "passed", figures=figures)


def aim_row(title: str, on_gpu: Sequence[Row]) -> Row:
    """Whether the better of the ways to use the GPU is as many times as fast as one core as is aimed at."""
    name = f"aim: {title}, {AIM:g} x one core"
    reached = {row.name: float(row.figures[_OVER]) for row in on_gpu if _OVER in row.figures}
    if not reached:
        return Row(name, "not possible here", "no speed to compare with")
    best = max(reached, key=reached.__getitem__)
    return judged(name, {"it is not reached": reached[best] >= AIM}, {"best": best, _OVER: reached[best]})


def _waiting(profile: str) -> dict[str, Figure]:
    """Seconds that workers waited for frames and that they encoded, from the lines of `--profile`."""
    walls = {phase: float(wall) for phase, wall in re.findall(r"^(waiting|encode) +([\d.]+)", profile, re.MULTILINE)}
    return {f"{phase} s, all workers": wall for phase, wall in walls.items()}


def _predict(video: Path, copies: int, side: Side) -> Run:
    folder = copy_clip(video, copies)
    out = folder.with_name(f"{folder.name} out")
    return _run(
        ("predict", str(folder), "-m", "objects", "-o", f"{out}/", "--overwrite", "--profile", *side.options),
        side.one_core,
    )


def _features(video: Path, copies: int, side: Side, out: Path) -> Run:
    folder = copy_clip(video, copies)
    streams = ("--streams", "frames,motion", "--rate", "8", "--overwrite")
    return _run(("features", str(folder), "-o", str(out), *streams, *side.options), side.one_core)


def _run(arguments: Sequence[str], one_core: bool = False) -> Run:
    """Run a command of vidlabel to its end, on one core of this process's or on all.

    Raises:
        RuntimeError: it failed.
    """
    first = min(os.sched_getaffinity(0))
    start = f"import os; os.sched_setaffinity(0, {{{first}}}); " if one_core else ""
    code = f"{start}import sys; from vidlabel.__main__ import main; sys.argv[0] = 'vidlabel'; main()"
    started = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    wall_s = time.perf_counter() - started
    if ended.returncode:
        raise RuntimeError(f"{' '.join(arguments[:2])} ended with {ended.returncode}: {ended.stderr.strip()[-500:]}")
    return Run(wall_s, ended.stderr)


def copy_clip(video: Path, copies: int) -> Path:
    """A folder of so many links to one file."""
    folder = video.with_name(f"{video.stem} {copies}")
    if not folder.is_dir():
        folder.mkdir()
        for number in range(copies):
            os.link(video, folder / f"{number:04}.mp4")
    return folder


def write_clip(path: Path, clip: Clip) -> Path:
    """The beginning of the example in another size, H.264 with key frames two seconds apart at most."""
    if path.exists():
        return path
    with av.open(str(EXAMPLE)) as source, av.open(str(path), "w") as sink:
        stream = sink.add_stream("libx264", rate=30, options={"preset": "veryfast"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, "yuv420p"
        stream.codec_context.time_base, stream.codec_context.gop_size = Fraction(1, 30), 60
        for number, frame in enumerate(source.decode(video=0)):
            if number >= clip.seconds * 30:
                break
            picture = frame.reformat(width=clip.width, height=clip.height)
            picture.pts, picture.time_base = number, Fraction(1, 30)
            sink.mux(stream.encode(picture))
        sink.mux(stream.encode(None))
    return path


def write_training_set(folder: Path, clips: int) -> Path:
    """Clips of a red or a blue square that moves, and their table of labels."""
    folder.mkdir(exist_ok=True)
    lines = ["video,start,end,label,group"]
    for number in range(clips):
        label = ("red", "blue")[number % 2]
        write_square(folder / f"{number}.mp4", label, number)
        lines.append(f"{number}.mp4,,,{label},{number // 4}")
    table = folder / "labels.csv"
    table.write_text("\n".join(lines) + "\n")
    return table


def write_square(path: Path, label: str, seed: int) -> None:
    """Two seconds of a coloured square on noise."""
    generator = np.random.default_rng(seed)
    ground = generator.integers(0, 120, (240, 320, 3), dtype=np.uint8)
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(50):
            picture = ground.copy()
            picture[80:160, 3 * index : 3 * index + 80] = (255, 0, 0) if label == "red" else (0, 0, 255)
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        sink.mux(stream.encode(None))
