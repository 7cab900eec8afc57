"""States of heads: the same bits come back, and those of another training never do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from vidlabel.training.fitting.checkpoint import Checkpoints, training_identity
from vidlabel.training.fitting.epochs import EpochFigures, EpochProgress

HISTORY = (EpochFigures(0.1 + 0.2, 1 / 3), EpochFigures(0.25, 1.0, 0.5, 0.75))


def progress() -> EpochProgress:
    """After two epochs, one tensor in an order of its own."""
    weights = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).T
    return EpochProgress(2, {"weight.a": weights, "generator": torch.get_rng_state()}, HISTORY)


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    kept = progress()
    Checkpoints(tmp_path / "states", "this").keep("model-0", kept, last=True)
    found = Checkpoints(tmp_path / "states", "this").find("model-0")
    assert found is not None
    assert (found.epochs, found.history) == (2, HISTORY)
    assert found.tensors.keys() == kept.tensors.keys()
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in kept.tensors.items())
    with safe_open(tmp_path / "states" / "model-0.safetensors", "pt") as file:  # the library reads it, too
        assert torch.equal(file.get_tensor("weight.a"), kept.tensors["weight.a"])
        assert json.loads(file.metadata()["vidlabel"])["epochs"] == 2


def test_another_training_or_job_finds_nothing(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "this").keep("model-0", progress(), last=True)
    assert Checkpoints(tmp_path, "other").find("model-0") is None
    assert Checkpoints(tmp_path, "this").find("model-1") is None
    assert Checkpoints(tmp_path / "nowhere", "this").find("model-0") is None


def test_states_are_written_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    seldom = Checkpoints(tmp_path, "this", every_s=1e9)
    seldom.keep("head", progress(), last=False)
    assert seldom.find("head") is None
    seldom.keep("head", progress(), last=True)
    assert seldom.find("head") is not None
    always = Checkpoints(tmp_path, "this", every_s=0)
    always.keep("other", progress(), last=False)
    assert always.find("other") is not None
    always.remove()
    assert not tmp_path.exists()
    always.remove()


@given(place=st.integers(0, 400), byte=st.integers(0, 255), cut=st.integers(0, 300))
def test_a_damaged_state_is_never_an_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int, cut: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    checkpoints, path, whole = Checkpoints(folder, "this"), folder / "head.safetensors", folder / "whole.safetensors"
    if not whole.exists():
        checkpoints.keep("whole", EpochProgress(2, {"w": torch.ones(2)}, HISTORY), last=True)
    content = whole.read_bytes()
    path.write_bytes(content[:cut])
    assert checkpoints.find("head") is None
    changed = bytearray(content)
    changed[place % len(content)] = byte
    path.write_bytes(changed)
    checkpoints.find("head")  # whatever it finds


def test_everything_that_training_depends_on_is_in_its_identity() -> None:
    arrays = [np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((1, 3), np.float32)]
    known = training_identity({"seed": 1, "labels": ["a", "b"]}, arrays)
    assert known == training_identity({"labels": ["a", "b"], "seed": 1}, [array.copy() for array in arrays])
    changed = arrays[0].copy()
    changed[1, 2] += 1e-6
    others = [
        training_identity({"seed": 2, "labels": ["a", "b"]}, arrays),
        training_identity({"seed": 1, "labels": ["b", "a"]}, arrays),
        training_identity({"seed": 1, "labels": ["a", "b"]}, arrays[::-1]),
        training_identity({"seed": 1, "labels": ["a", "b"]}, [changed, arrays[1]]),
        training_identity({"seed": 1, "labels": ["a", "b"]}, [arrays[0].reshape(3, 2), arrays[1]]),
        training_identity({"seed": 1, "labels": ["a", "b"]}, arrays[:1]),
    ]
    assert len({known, *others}) == 7
