"""Makes the files of `golden/`, which pin what must stay the same from one version to the next.

`python tests/golden_files.py` writes them anew: only for a change that is meant, and named in the changelog.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from heads.example_specs import mixed_spec, step_spec
from labels.results import SCORES, SEGMENTS, result_of, written
from vidlabel.features.cache import CachedBlock, FeatureCache
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.heads.model_file import tensor_shapes, write_model_file
from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.formats.registry import FORMATS
from vidlabel.prediction.fingerprint import fingerprint
from vidlabel.prediction.options import PredictOptions
from vidlabel.video.request import ReadReport

FOLDER = Path(__file__).with_name("golden")
ENTRIES = {
    "defaults": (FeatureConfig(runtime="torch"), FeatureBlock("frames", "centre")),
    "motion": (FeatureConfig(runtime="torch", rate=8.0, lag_s=0.2), FeatureBlock("motion", "whole-flipped")),
}


def golden_files() -> Iterator[tuple[str, bytes]]:
    """Name and content of each file."""
    for name, format_ in FORMATS.items():
        yield f"result{format_.suffix}", written(format_, result_of(SEGMENTS, SCORES if "json" in name else None))
    for spec in (step_spec(), mixed_spec()):
        yield f"{spec.name}.safetensors", model_file(spec)
    yield "keys.json", (json.dumps(keys(), indent=1) + "\n").encode("ascii")


def model_file(spec: ModelSpec) -> bytes:
    """A model whose numbers ascend from -1 to 1 in each tensor."""
    tensors = {
        name: np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
        for name, shape in tensor_shapes(spec).items()
    }
    with tempfile.TemporaryDirectory() as folder:
        write_model_file(spec, tensors, Path(folder) / "model.safetensors")
        return (Path(folder) / "model.safetensors").read_bytes()


def keys() -> dict[str, dict[str, str]]:
    """Fingerprints of results by their options, and names of entries in the cache by how features are made."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return {"fingerprints": fingerprints(folder), "cache entries": cache_entries(folder / "cache")}


def fingerprints(folder: Path) -> dict[str, str]:
    """Of a file of 5 bytes and a fixed time; its path is part of them, so it is given by its name alone."""
    (folder / "clip.mp4").write_bytes(b"12345")
    os.utime(folder / "clip.mp4", ns=(10**18, 10**18))
    options = {
        "defaults": PredictOptions(runtime="torch", device="cpu"),
        "all that counts": PredictOptions(
            runtime="torch", device="cpu", rate=4.0, threshold=0.5, min_duration=1.0, top=2, scores=True,
            decoder="pyav", keyframes=True, start=1.0, end=9.5,
        ),
    }  # fmt: skip
    before = Path.cwd()
    os.chdir(folder)
    try:
        return {name: fingerprint("clip.mp4", ("ab" * 32,), given) for name, given in options.items()}
    finally:
        os.chdir(before)


def cache_entries(folder: Path) -> dict[str, str]:
    """Paths of entries below the cache folder."""
    found = {}
    cached = CachedBlock(np.arange(2.0), np.ones((2, 3), np.float32), ReadReport(decoder="pyav"))
    for name, (config, block) in ENTRIES.items():
        FeatureCache(folder / name).keep("cd" * 32, config, block, cached)
        (entry,) = (path for path in (folder / name).rglob("*") if path.is_file())
        found[name] = entry.relative_to(folder / name).as_posix()
    return found


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file_name, content in golden_files():
        (FOLDER / file_name).write_bytes(content)
