"""A network of pictures and words in a folder, as transformers saves it: what its files say. Nothing is loaded here.

Only safetensors files are taken for weights: other checkpoints are pickles, which may run code when they are loaded.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from vidlabel.errors import ModelFileError
from vidlabel.files import sha256_of
from vidlabel.json_text import parse_json
from vidlabel.paths import reason_of

ImageTextKind = Literal["clip", "siglip"]

_REMEDY = "give the folder of a CLIP or SigLIP model that transformers saved"
_MOST_SIDE = 1024
_MOST_FEATURES = 8192
_PROCESSING = {
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "siglip": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
"""Mean and deviation of values from 0 to 1, red, green, blue, where a folder does not say it."""


@dataclass(frozen=True, slots=True)
class ImageTextFiles:
    """What is known of a network before it is loaded."""

    folder: str
    kind: ImageTextKind
    feature_size: int
    """D, of pictures and of words alike."""
    image_side: int
    """Pixels of the square that it sees."""
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    """Of values from 0 to 1: (value - mean) / deviation."""
    sha256: str
    """Of all files that its numbers depend on, their names included."""


def read_image_text_files(folder: str) -> ImageTextFiles:
    """Look at a folder.

    Raises:
        ModelFileError: it holds no network of pictures and words that can be used.
    """
    path = Path(folder)
    try:
        config = _read_object(path / "config.json")
        processing = _read_object(path / "preprocessor_config.json", optional=True)
        names = sorted(file.name for file in path.iterdir() if file.suffix in (".safetensors", ".json", ".txt"))
        weights = [name for name in names if name.endswith(".safetensors")]
        if not weights:
            problem = "holds no weights as safetensors, and others are pickles, which may run code"
            raise ModelFileError(path, problem, "save them with save_pretrained(..., safe_serialization=True)")
        if not {"tokenizer.json", "vocab.json"}.intersection(names):
            raise ModelFileError(path, "holds no tokenizer.json", "save the tokenizer beside the model")
        digest = hashlib.sha256("".join(f"{name} {sha256_of(path / name)}\n" for name in names).encode("utf-8"))
    except OSError as error:
        raise ModelFileError(path, f"cannot be read ({reason_of(error)})", _REMEDY) from error
    kind = config.get("model_type")
    if kind not in _PROCESSING:
        raise ModelFileError(path, f"holds a model of the type {kind!r}", _REMEDY)
    vision = config.get("vision_config")
    vision = vision if isinstance(vision, dict) else {}
    size = config.get("projection_dim", 512) if kind == "clip" else vision.get("hidden_size", 768)
    mean, deviation = _PROCESSING[kind]
    return ImageTextFiles(
        folder=folder,
        kind=cast("ImageTextKind", kind),
        feature_size=_whole(path, "feature size", size, _MOST_FEATURES),
        image_side=_whole(path, "image_size", vision.get("image_size", 224), _MOST_SIDE),
        mean=_three(path, "image_mean", processing.get("image_mean", mean)),
        deviation=_three(path, "image_std", processing.get("image_std", deviation)),
        sha256=digest.hexdigest(),
    )


def _read_object(path: Path, *, optional: bool = False) -> dict[str, object]:
    try:
        content = parse_json(path.read_bytes())
    except FileNotFoundError as error:
        if optional:
            return {}
        raise ModelFileError(path.parent, f"holds no {path.name}", _REMEDY) from error
    except ValueError as error:
        raise ModelFileError(path, f"is damaged ({error})", _REMEDY) from error
    if not isinstance(content, dict):
        raise ModelFileError(path, "is no JSON object", _REMEDY)
    return content


def _whole(path: Path, name: str, value: object, most: int) -> int:
    if type(value) is not int or not 16 <= value <= most:
        raise ModelFileError(path, f"has an impossible {name}: {value!r}", _REMEDY)
    return value


def _three(path: Path, name: str, values: object) -> tuple[float, float, float]:
    numbers = (
        [float(value) for value in values if type(value) in (int, float)] if isinstance(values, list | tuple) else []
    )
    if len(numbers) != 3 or (name == "image_std" and min(numbers) <= 0):
        raise ModelFileError(path, f"has an impossible {name}: {values!r}", _REMEDY)
    return numbers[0], numbers[1], numbers[2]
