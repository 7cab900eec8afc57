"""Networks that `torch.export.save` wrote (`.pt2`), read without `torch.export.load` and without a pickle.

The file is a zip archive: the graph as JSON, the weights as raw numbers, and pickled example inputs, which are left
alone. Weights that are pickled, code for a processor and objects of other classes are refused.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vidlabel.features.encoders.network_files.exported_graph import DTYPES, TensorGraph, read_graph

SCHEMA_VERSION = 8
"""Of the graph; another major version may mean other things by the same words."""
_GRAPH = "models/model.json"
_WEIGHTS, _CONSTANTS = "data/weights/", "data/constants/"


@dataclass(frozen=True, slots=True, eq=False)
class ExportedNetwork:
    """A network with its weights."""

    graph: TensorGraph
    weights: Mapping[str, Tensor]
    """By the names that they have in the graph."""
    pictures: str
    """Name of its input in the graph."""
    dtype: torch.dtype
    """Of the input."""
    shape: tuple[int | None, ...]
    """Of the input; None: any size."""
    declaration: str | None
    """That was saved in the file under the key asked for."""


def read_exported_program(content: bytes, key: str) -> ExportedNetwork:
    """Read a file.

    Args:
        content: of the file.
        key: of the declaration among its `extra_files`.

    Raises:
        ValueError: it is no such file, or holds what is not read or run here.
    """
    try:
        archive = _Archive(content)
        program = archive.json(_GRAPH)
        version = program["schema_version"]["major"]
        if version != SCHEMA_VERSION:
            raise ValueError(f"has version {version} of the format, and this vidlabel reads {SCHEMA_VERSION}")
        module = program["graph_module"]
        stored, pictures = _read_signature(module["signature"])
        weights = {name: archive.tensor(own) for name, own in stored.items()}
        graph = read_graph(module["graph"], frozenset(weights))
        if len(graph.outputs) != 1:
            raise ValueError(f"gives {len(graph.outputs)} outputs, and an encoder has one")
        taken = module["graph"]["tensor_values"][pictures]
        return ExportedNetwork(
            graph=graph,
            weights=weights,
            pictures=pictures,
            dtype=DTYPES[taken["dtype"]],
            shape=tuple(size.get("as_int") for size in taken["sizes"]),
            declaration=archive.text(f"extra/{key}"),
        )
    except _DAMAGE as error:
        raise ValueError(f"is damaged, or torch.export.save did not write it ({type(error).__name__})") from error


_DAMAGE = (
    *(KeyError, TypeError, AttributeError, IndexError, RuntimeError, OverflowError),
    *(EOFError, OSError, zipfile.BadZipFile),
)


def _read_signature(signature: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """The names of the weights in the file by those in the graph, and the name of the pictures in the graph."""
    stored, taken = {}, []
    for spec in signature["input_specs"]:
        ((kind, own),) = spec.items()
        if kind == "user_input":
            taken.append(own["arg"]["as_tensor"]["name"])
        elif kind in ("parameter", "buffer", "tensor_constant"):
            stored[own["arg"]["name"]] = own[f"{kind}_name"]
        else:
            raise ValueError(f"has an input of the kind {kind}, and pictures are all that it gets")
    if len(taken) != 1:
        raise ValueError(f"needs one input, the pictures, and has {len(taken)}")
    kinds = {kind for spec in signature["output_specs"] for kind in spec}
    if kinds != {"user_output"}:
        raise ValueError("changes its own weights: call .eval() before it is exported")
    return stored, taken[0]


class _Archive:
    """The entries of the zip archive, all in one folder, none of them compressed."""

    def __init__(self, content: bytes) -> None:
        self._file = zipfile.ZipFile(io.BytesIO(content))
        entries = self._file.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("is compressed, which torch.export.save does not do")
        self._entries = {entry.filename.partition("/")[2]: entry for entry in entries}
        if _GRAPH not in self._entries:
            raise ValueError(f"is no file of torch.export.save: it has no {_GRAPH}")
        self._placed = {name: (folder, own) for folder in (_WEIGHTS, _CONSTANTS) for name, own in self._config(folder)}

    def json(self, name: str) -> dict[str, Any]:
        """An entry of JSON."""
        found: dict[str, Any] = json.loads(self._file.read(self._entries[name]))
        return found

    def text(self, name: str) -> str | None:
        """An entry of text; None: it is not there."""
        return self._file.read(self._entries[name]).decode("utf-8") if name in self._entries else None

    def tensor(self, name: str) -> Tensor:
        """A weight or constant by its name in the file."""
        folder, entry = self._placed[name]
        meta = entry["tensor_meta"]
        if entry["use_pickle"] or meta is None:
            raise ValueError(f"holds {name} as a pickle, which may run code when it is loaded")
        sizes, strides = ([size["as_int"] for size in meta[part]] for part in ("sizes", "strides"))
        raw = bytearray(self._file.read(self._entries[folder + entry["path_name"]]))
        dtype = DTYPES[meta["dtype"]]
        if math.prod(sizes) * dtype.itemsize > len(raw):
            raise ValueError(f"holds fewer numbers of {name} than it says")
        numbers = torch.frombuffer(raw, dtype=dtype) if raw else torch.empty(0, dtype=dtype)
        return numbers.as_strided(sizes, strides, meta["storage_offset"]["as_int"]).contiguous()

    def _config(self, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        kind = folder.split("/")[1]
        yield from self.json(f"{folder}model_{kind}_config.json")["config"].items()
