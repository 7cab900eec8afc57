"""Shipped weights are used only where they are the shipped ones, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from vidlabel.errors import InstallationError
from vidlabel.features.encoders.shipped_weights import MOVENET, read_shipped_weights
from vidlabel.heads.bundled_models import shipped_models


def test_the_file_holds_half_precision_numbers_by_name() -> None:
    tensors, raw = MOVENET.read(), load_file(MOVENET.path)
    assert tensors.keys() == raw.keys()
    assert {tensor.dtype for tensor in tensors.values()} == {np.dtype(np.float16)}
    assert sum(array.size for array in raw.values()) == 4_723_610
    np.testing.assert_array_equal(tensors["stem.weight"], raw["stem.weight"])


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    content = bytearray(MOVENET.path.read_bytes())
    content[5_000_000] ^= 1
    damaged = tmp_path / "weights.safetensors"
    damaged.write_bytes(content)
    with pytest.raises(InstallationError, match=r"weights.safetensors: .*damaged or changed; run: pip install"):
        read_shipped_weights(damaged, MOVENET.sha256)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstallationError, match=r"none.safetensors: the encoder's weights cannot be read \(No such"):
        read_shipped_weights(tmp_path / "none.safetensors", MOVENET.sha256)


def test_weights_of_encoders_are_no_models() -> None:
    assert MOVENET.name not in shipped_models()
