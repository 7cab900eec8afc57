"""Videos decoded by NVDEC beside the CPU: the same frames, times and pixels, or the CPU after all, with a word."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.hwaccel import HWAccel

from corpus import CATALOGUE, Recipe, read_number, write_video
from gpu_check_rows import NO_GPU, Figure, Row, Setting, judged
from video.in_process import open_samples
from vidlabel.errors import DeviceError
from vidlabel.prediction.labeller import ON_GPU
from vidlabel.video.decoders.gpu import GpuReader
from vidlabel.video.probe import Probe, probe
from vidlabel.video.request import DecodeDevice, ReadReport, Sample, SampleRequest
from vidlabel.video.samples import open_isolated_samples

RATE = 12.5
MOST_PIXEL_CHANGE = 2
"""Grey levels. NV12 and P010 give the very bytes that planar pictures give; decoders of H.264 and HEVC are exact."""

_X264 = dict(CATALOGUE["closed.mp4"].recipe.options)
_X265 = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=12:min-keyint=12:bframes=3"}
_SIZE = Recipe(width=320, height=240, options=_X264)
_HEVC = replace(_SIZE, codec="libx265", options=_X265)


@dataclass(frozen=True, slots=True)
class Case:
    """A video, and whether NVDEC of recent cards is known to decode it."""

    file: str
    recipe: Recipe
    on_gpu: bool = True
    crop: str = ""
    """Options of FFmpeg's filter that states another crop, in H.264."""


def _turned(recipe: Recipe, rotation: int) -> Recipe:
    return replace(recipe, rotation=rotation, stored=lambda picture: np.rot90(picture, k=-(rotation // 90)), frames=25)


CASES: Mapping[str, Case] = {
    "H.264, 8 bit": Case("h264.mp4", _SIZE),
    "HEVC, 8 bit": Case("hevc.mp4", _HEVC),
    "HEVC, 10 bit": Case("hevc10.mp4", replace(_HEVC, pixels="yuv420p10le")),
    "H.264, 10 bit (few cards)": Case("h264_10.mp4", replace(_SIZE, pixels="yuv420p10le"), on_gpu=False),
    "H.264, turned by 90": Case("turned90.mp4", _turned(_SIZE, 90)),
    "H.264, turned by 180": Case("turned180.mp4", _turned(_SIZE, 180)),
    "H.264, turned by 270": Case("turned270.mp4", _turned(_SIZE, 270)),
    "HEVC, 10 bit, turned by 90": Case("hevc10_turned.mp4", _turned(replace(_HEVC, pixels="yuv420p10le"), 90)),
    "H.264, sample as large as the picture": Case("same_size.mp4", replace(_SIZE, height=224)),
    "H.264, size that needs cropping": Case("odd.mp4", replace(_SIZE, width=322, height=246)),
    "H.264, cropped at left and top": Case("cropped.mp4", _SIZE, on_gpu=False, crop="crop_left=64:crop_top=16"),
    "H.264, full range": Case("full.mp4", replace(_SIZE, pixels="yuvj420p")),
    "H.264 in MPEG-TS": Case("h264.ts", _SIZE),
    "H.264, uneven times": Case(
        "vfr.mkv", replace(_SIZE, pts=lambda index: index * 40 + index % 5 * 7, time_base=Fraction(1, 1000), frames=50)
    ),
    "VP9": Case("vp9.webm", replace(_SIZE, codec="libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8"})),
    "AV1 (PyAV decodes it on the CPU)": Case(
        "av1.mp4", replace(_SIZE, codec="libsvtav1", options={"preset": "10"}), on_gpu=False
    ),
    "ProRes (no NVDEC)": Case(
        "prores.mov", replace(_SIZE, codec="prores_ks", pixels="yuv422p10le", options={}), on_gpu=False
    ),
}
QUICK = ("H.264, 8 bit", "HEVC, 10 bit, turned by 90", "H.264, cropped at left and top", "ProRes (no NVDEC)")


def check_decoding(setting: Setting) -> Iterator[Row]:
    """Each case in the decoding process, as users have it; the first one in this process as well."""
    names = QUICK if setting.quick else tuple(CASES)
    for number, name in enumerate(names):
        case = CASES[name]
        path = write_case(setting.folder / case.file, case)
        if number == 0:
            yield _row(f"{name}, in this process", case, path, setting, isolated=False)
        yield _row(name, case, path, setting, isolated=True)
    yield _opening_row(setting)


def write_case(path: Path, case: Case) -> Path:
    """Encode the video of a case."""
    if not case.crop:
        return write_video(path, case.recipe)
    plain = write_video(path.with_name(f"plain_{path.name}"), case.recipe)
    with av.open(str(plain)) as source, av.open(str(path), "w") as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        edit = av.BitStreamFilterContext(f"h264_metadata={case.crop}", source.streams.video[0], stream)
        for packet in source.demux(video=0):
            for edited in edit.filter(packet if packet.size else None):
                edited.stream = stream
                sink.mux(edited)
    return path


def _row(name: str, case: Case, path: Path, setting: Setting, *, isolated: bool) -> Row:
    on_cpu, report, cpu_s = _read(path, "cpu", isolated=isolated)
    on_gpu, gpu_report, gpu_s = _read(path, "gpu", isolated=isolated)
    figures: dict[str, Figure] = {
        "samples": len(on_gpu),
        "seconds": gpu_s,
        "of the CPU": cpu_s,
        "decoder": gpu_report.decoder,
    }
    conditions = {
        "other times than on the CPU": [one.time_s for one in on_gpu] == [one.time_s for one in on_cpu],
        "other frames than were painted": bool(case.crop) or _numbers(on_gpu) == _numbers(on_cpu) != [],
        "damage is reported": (gpu_report.decode_errors, gpu_report.decoded_ratio) == (0, 1)
        and (report.decode_errors, report.decoded_ratio) == (0, 1),
    }
    if conditions["other times than on the CPU"]:
        figures |= _pixel_changes(on_cpu, on_gpu)
        conditions["other pixels than on the CPU"] = float(figures["largest change"]) <= MOST_PIXEL_CHANGE
    decoded_there = gpu_report.decoder.endswith(ON_GPU)
    conditions["the CPU decodes it, without a word"] = decoded_there or bool(gpu_report.warnings)
    row = judged(f"NVDEC: {name}", conditions, figures)
    if row.outcome == "passed" and case.on_gpu and not decoded_there:
        reason = NO_GPU if setting.device != "cuda" else "; ".join(gpu_report.warnings)
        return replace(row, outcome="not possible here", reason=reason)
    return row


def _opening_row(setting: Setting) -> Row:
    """Seconds until the first picture: of the first video, of the next, and of one while CUDA's context is kept."""
    name, found = "NVDEC: opening a video", probe(setting.folder / CASES["H.264, 8 bit"].file)
    try:
        figures: dict[str, Figure] = {"first": _opening_s(found), "next": _opening_s(found)}
        kept = HWAccel("cuda", is_hw_owned=True).create(av.codec.Codec("h264", "r"))
        figures["next, context kept"] = _opening_s(found)
        del kept
    except DeviceError as error:
        return Row(name, "not possible here", NO_GPU if setting.device != "cuda" else error.problem)
    return Row(name, "passed", figures=figures)


def _opening_s(found: Probe) -> float:
    started = time.perf_counter()
    GpuReader(found, SampleRequest()).close()
    return time.perf_counter() - started


def _read(path: Path, device: DecodeDevice, *, isolated: bool) -> tuple[list[Sample], ReadReport, float]:
    request = SampleRequest(rate=RATE, decoder="pyav", decode_device=device, lag_s=0.1)
    started = time.perf_counter()
    with open_isolated_samples(path, request) if isolated else open_samples(path, request) as stream:
        samples = list(stream)
        return samples, stream.report, time.perf_counter() - started


def _numbers(samples: list[Sample]) -> list[tuple[int, int | None]]:
    """The painted numbers of samples and of their earlier frames; empty where one cannot be read."""
    try:
        return [
            (read_number(one.rgb), None if one.earlier_rgb is None else read_number(one.earlier_rgb)) for one in samples
        ]
    except ValueError:
        return []


def _pixel_changes(before: list[Sample], after: list[Sample]) -> dict[str, Figure]:
    changes = [np.abs(one.rgb.astype(np.int16) - other.rgb) for one, other in zip(before, after, strict=True)]
    return {
        "largest change": max(int(change.max()) for change in changes),
        "mean change": float(np.mean([change.mean() for change in changes])),
    }
