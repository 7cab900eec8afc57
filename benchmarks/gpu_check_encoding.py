"""Features on a GPU beside those of the CPU, and what batches of other sizes cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from gpu_check_rows import NO_GPU, Figure, Row, Setting, judged
from speed_measure import ROOT
from vidlabel.features.encoders.efficientnet import load_network
from vidlabel.features.encoders.frame_encoder import load_classifier, load_encoder
from vidlabel.features.encoders.networks import CUDA_BATCH
from vidlabel.features.encoders.torch_networks import BatchedNetwork
from vidlabel.video.samples import samples

EXAMPLE = ROOT / "examples" / "bottle-detection.mp4"
ENCODER = "efficientnet-lite0"
PRECISIONS: Mapping[str, torch.dtype] = {"float32": torch.float32, "half": torch.float16}
MOST_CHANGE = {"float32": 1e-3, "half": 0.15}
"""Of a feature, which lies between 0 and 6. Half precision computed on the CPU moved one of 83 pictures by 0.055."""
MOST_MEAN_CHANGE = {"float32": 1e-5, "half": 0.004}

Pictures = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float32]


def check_features(setting: Setting) -> Iterator[Row]:
    """Features in both precisions beside the CPU's, and whether a feature depends on what is encoded beside it."""
    if setting.device == "none":
        for name in ("features float32", "features half", "features alone", "runtime by default"):
            yield Row(name, "not possible here", NO_GPU)
        return
    pictures = _pictures(4 if setting.quick else 48)
    expected = load_encoder(ENCODER, "cpu", runtime="torch").encode(pictures)
    for name in PRECISIONS:
        yield _difference_row(name, expected, _network(setting, name).run(pictures))
    yield _alone_row(setting, pictures)
    yield _default_row(setting)


def check_batches(setting: Setting) -> Iterator[Row]:
    """Pictures a second by pictures at once, with the way to the GPU and back, beside one core of the CPU."""
    if setting.device == "none":
        yield Row("batch sizes", "not possible here", NO_GPU)
        return
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 256, (8 if setting.quick else 512, 224, 398, 3), dtype=np.uint8)
    few = pictures[: 4 if setting.quick else 64]
    one_core = load_encoder(ENCODER, "cpu", threads=1, runtime="torch")
    torch.set_num_threads(1)
    on_core = _pictures_a_second(one_core.encode, few)
    yield Row("one core of the CPU, float32", "passed", figures={"pictures/s": on_core})
    for name in PRECISIONS:
        reference = _network(setting, name).run(few)
        for batch in (1, 8, 32, 128, 256) if setting.device == "cuda" else (1, 8):
            network = _network(setting, name, batch)
            speed = _pictures_a_second(network.run, pictures)
            moved = float(np.abs(network.run(few) - reference).max())
            figures: dict[str, Figure] = {
                "pictures/s": speed,
                "over one core": speed / on_core,
                "other features": moved,
            }
            yield judged(
                f"batches of {batch}, {name}", {"features depend on the size": moved <= MOST_CHANGE[name]}, figures
            )


def _pictures(count: int) -> Pictures:
    """(B, 224, 398, 3): half of real pictures, half of noise."""
    with samples(EXAMPLE, end=count / 4, decoder="pyav") as taken:
        real = np.stack([sample.rgb for sample in taken])
    return np.concatenate([real, np.random.default_rng(1).integers(0, 256, real.shape, dtype=np.uint8)])


def _network(setting: Setting, precision: str, batch_size: int | None = None) -> BatchedNetwork:
    network = load_network(ENCODER).eval().requires_grad_(False)
    return BatchedNetwork(network, setting.device, PRECISIONS[precision], batch_size or _usual_batch(setting))


def _usual_batch(setting: Setting) -> int:
    return 4 if setting.quick else CUDA_BATCH


def _difference_row(precision: str, expected: Values, found: Values) -> Row:
    moved = np.abs(found - expected)
    before, after = (_most_likely(values) for values in (expected, found))
    figures: dict[str, Figure] = {
        "pictures": len(found),
        "largest change": float(moved.max()),
        "mean change": float(moved.mean()),
        "other class": f"{int((before != after).sum())} of {len(found)}",
    }
    conditions = {
        "a feature differs too much from the CPU's": bool(moved.max() <= MOST_CHANGE[precision]),
        "features differ too much on average": bool(moved.mean() <= MOST_MEAN_CHANGE[precision]),
        "a number is missing": bool(np.isfinite(found).all()),
    }
    return judged(f"features {precision}", conditions, figures)


def _most_likely(values: Values) -> npt.NDArray[np.intp]:
    classifier = load_classifier(ENCODER)
    classes: npt.NDArray[np.intp] = (values @ classifier.weight.T + classifier.bias).argmax(axis=1)
    return classes


def _alone_row(setting: Setting, pictures: Pictures) -> Row:
    """The bytes of one picture's feature: alone, at other places of a batch, and beside other pictures."""
    conditions, batch = {}, _usual_batch(setting)
    others = np.random.default_rng(2).integers(0, 256, (batch - 1, *pictures.shape[1:]), dtype=np.uint8)
    for name in PRECISIONS:
        network = _network(setting, name)
        alone = network.run(pictures[:1]).tobytes()
        places = (0, batch // 2, batch - 1)
        found = [network.run(np.insert(others, place, pictures[0], axis=0))[place] for place in places]
        conditions[f"{name}: other bytes beside other pictures"] = all(row.tobytes() == alone for row in found)
        again = network.run(np.concatenate([others, pictures[:1]]))[-1]
        conditions[f"{name}: other bytes the second time"] = again.tobytes() == found[-1].tobytes()
    return judged("features alone", conditions, {})


def _default_row(setting: Setting) -> Row:
    encoder = load_encoder(ENCODER, "cuda" if setting.device == "cuda" else "auto")
    expected = "torch-half" if setting.device == "cuda" else encoder.runtime
    figures: dict[str, Figure] = {"device": encoder.device, "runtime": encoder.runtime}
    return judged("runtime by default", {f"it is not {expected}": encoder.runtime == expected}, figures)


def timed(encode: Callable[[Any], Values], inputs: npt.NDArray[Any]) -> tuple[Values, float]:
    """What an encoder gives, and inputs a second after the first, alone, has warmed it up."""
    encode(inputs[:1])
    started = time.perf_counter()
    values = encode(inputs)
    return values, len(inputs) / (time.perf_counter() - started)


def _pictures_a_second(encode: Callable[[Pictures], Values], pictures: Pictures) -> float:
    """Median of three runs, after one to warm up."""
    seconds = []
    for _ in range(4):
        started = time.perf_counter()
        encode(pictures)  # returns features in main memory: nothing is left under way
        seconds.append(time.perf_counter() - started)
    return len(pictures) / sorted(seconds[1:])[1]
