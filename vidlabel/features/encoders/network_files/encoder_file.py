"""A file of the user with a network that turns pictures into features."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from vidlabel.errors import EncoderFileError
from vidlabel.features.encoders.pulled.folder import pulled_path
from vidlabel.features.encoders.pulled.table import PULLABLE
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.stream_spec import TIMM_PREFIX, NetworkInterface, StreamSpec

MAX_FILE_BYTES = 2 << 30
"""The most that ONNX can hold in one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFile:
    """What is known of a file; equal where features are."""

    path: Path = field(compare=False)
    sha256: str
    """Of the whole file."""
    feature_size: int
    """D."""
    short_side: int
    """Pixels of the shorter side of a frame."""
    scaling: PixelScaling
    interface: NetworkInterface

    @property
    def name(self) -> str:
        """As model files call it: without the folder, which is of one machine."""
        architecture = self.interface.architecture
        return self.path.name if architecture is None else f"{TIMM_PREFIX}{architecture}"


def read_encoder_file(path: Path) -> tuple[bytes, str]:
    """The content of a file, and its SHA-256.

    Raises:
        EncoderFileError: it cannot be read.
    """
    remedy = "give the file of a network"
    try:
        if not path.is_file():
            raise EncoderFileError(path, "is a folder" if path.is_dir() else "there is no such file", remedy)
        if path.stat().st_size > MAX_FILE_BYTES:
            raise EncoderFileError(path, f"has more than {MAX_FILE_BYTES >> 30} GiB", "give a smaller network")
        content = path.read_bytes()
    except OSError as error:
        raise EncoderFileError(path, f"cannot be read ({error.strerror})", "check its permissions") from error
    return content, hashlib.sha256(content).hexdigest()


def find_encoder_file(stream: StreamSpec, model: Path, named: Path | None) -> NetworkFile:
    """The file that a model was trained with.

    Args:
        stream: of the model; its encoder is a network in a file.
        model: the model file.
        named: where the file is said to lie; None: beside the model.

    Raises:
        EncoderFileError: it is not there, or another one.
    """
    encoder, pictures = stream.encoder, stream.pictures
    assert encoder is not None
    assert encoder.interface is not None
    assert pictures is not None
    path = _usual_path(encoder.interface, encoder.name, model) if named is None else named
    if named is None and not path.exists():
        problem = f"was trained with {encoder.name} (SHA-256 {encoder.sha256}), which does not lie beside it"
        raise EncoderFileError(model, problem, f"put {path.name} there, or give it with --encoder")
    sha256 = read_encoder_file(path)[1]
    if sha256 != encoder.sha256:
        problem = f"has SHA-256 {sha256}, and {model.name} was trained with {encoder.name} of {encoder.sha256}"
        raise EncoderFileError(path, problem, "give that file with --encoder")
    return NetworkFile(
        path=path,
        sha256=sha256,
        feature_size=stream.size,
        short_side=pictures.short_side,
        scaling=PixelScaling(pictures.mean, pictures.scale),
        interface=encoder.interface,
    )


def _usual_path(interface: NetworkInterface, name: str, model: Path) -> Path:
    """Where a file lies that nobody names: beside the model, or among the pulled models."""
    if interface.architecture is None:
        return model.parent / name
    beside = model.parent / f"{interface.architecture}.safetensors"
    return pulled_path(interface.architecture) if interface.architecture in PULLABLE and not beside.exists() else beside
