"""`export_onnx`: a model as ONNX files."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.errors import InstallationError, UsageError
from vidlabel.heads.model import load_model
from vidlabel.paths import is_folder, real_path

if TYPE_CHECKING:
    from vidlabel.export.files import Export

_SUFFIX = ".onnx"
_PACKAGES = ("onnx", "onnxruntime")


def export_onnx(
    model: str | PathLike[str], output: str | PathLike[str], *, streams: Sequence[str] | None = None
) -> Export:
    """Write a model as ONNX files, which other programs run without vidlabel and without torch.

    Files are checked in ONNX Runtime: where scores differ from vidlabel's by more than 1e-4, nothing is written.

    Args:
        model: name of a shipped model, or a model file.
        output: file of the heads, `falls.onnx`; the encoders are written beside it: `falls.frames.onnx`.
        streams: those whose features the heads take, for videos that have no others; None: all of the model's.

    Raises:
        UsageError: an argument cannot be used.
        ModelFileError: the model cannot be used.
        InstallationError: `vidlabel[export]` or weights of an encoder are missing or damaged.
        OutputError: a file cannot be written, or gives other numbers than vidlabel.

    Example:
        >>> export = vidlabel.export_onnx("sounds", "sounds.onnx")
        >>> [str(file.path) for file in (export.heads, *export.encoders)]
        ['sounds.onnx', 'sounds.audio.onnx']
    """
    path = Path(output)
    if path.suffix != _SUFFIX:
        raise UsageError("--output", f"{fspath(output)!r} does not end with {_SUFFIX}", "end it so")
    if is_folder(path):
        raise UsageError("--output", f"{fspath(output)} is a folder", "give a file")
    for package in _PACKAGES:
        _check_package(package)
    loaded = load_model(model if isinstance(model, str) else Path(model))
    if real_path(path) == real_path(loaded.path):
        raise UsageError("--output", f"{path} is the model itself", "give another name")
    from vidlabel.export.files import export_files  # the packages may be missing

    return export_files(loaded, path, streams)


def _check_package(name: str) -> None:
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        raise InstallationError(name, "is not installed", "pip install 'vidlabel[export]'") from error
    except (ImportError, OSError) as error:
        remedy = "pip install --force-reinstall 'vidlabel[export]'"
        raise InstallationError(name, f"cannot be loaded ({error})", remedy) from error
