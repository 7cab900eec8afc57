"""Checkpoints: the state of each head after whole epochs, from which interrupted training resumes.

A folder holds one safetensors file for each head. They appear whole or not at all, and no pickle is in them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from vidlabel.files import atomic_write
from vidlabel.json_fields import dataclass_from_json
from vidlabel.json_text import parse_json
from vidlabel.tensor_files import read_metadata
from vidlabel.training.fitting.epochs import EpochFigures, EpochProgress

EVERY_S = 10.0
"""Seconds between two writes of a state in training: an epoch may be much shorter than a flush to disk."""
SUFFIX = ".training"
"""Suffix of the folder beside the model."""


@dataclass(frozen=True, slots=True)
class _Description:
    """The metadata of a file, beside its tensors."""

    identity: str
    epochs: int
    history: tuple[EpochFigures, ...]


class Checkpoints:
    """Keeps and finds the states of heads.

    Args:
        folder: made when it is first needed.
        identity: of the training that the states belong to; those of another are as good as missing.
        every_s: seconds between two writes of the state while a head is not finished.
    """

    def __init__(self, folder: Path, identity: str, every_s: float = EVERY_S) -> None:
        self._folder = folder
        self._identity = identity
        self._every_s = every_s
        self._latest_s = time.monotonic()

    def keep(self, run: str, progress: EpochProgress, *, last: bool) -> None:
        """Write a head's state, if enough time has gone by or it is its last.

        Raises:
            OutputError: the folder cannot be written.
        """
        now = time.monotonic()
        if not last and now - self._latest_s < self._every_s:
            return
        description = json.dumps(asdict(_Description(self._identity, progress.epochs, progress.history)))
        tensors = {name: tensor.contiguous() for name, tensor in progress.tensors.items()}
        with atomic_write(self._path(run)) as file:
            file.write(save(tensors, {"vidlabel": description}))
        self._latest_s = now

    def find(self, run: str) -> EpochProgress | None:
        """A head's state, if one was kept in the same training; a damaged one counts as missing."""
        try:
            content = self._path(run).read_bytes()
            tensors = load(content)
            found = dataclass_from_json(_Description, parse_json(read_metadata(content)), "")
        except (OSError, SafetensorError, ValueError, KeyError):
            return None
        return EpochProgress(found.epochs, tensors, found.history) if found.identity == self._identity else None

    def remove(self) -> None:
        """Delete all states: the model is written."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}.safetensors"


def training_identity(facts: Mapping[str, object], arrays: Sequence[npt.NDArray[np.generic]]) -> str:
    """A hash of everything that training depends on.

    Args:
        facts: any JSON: options, labels, clips.
        arrays: the features.
    """
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode())
    digest.update(torch.__version__.encode())
    for array in arrays:
        digest.update(str(array.shape).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
