"""One hash for named arrays: as it is defined, and different for all that differs."""

from __future__ import annotations

import hashlib

import numpy as np

from vidlabel.tensor_files import tensor_digest

BIAS = np.arange(3, dtype=np.float32)
WEIGHT = np.arange(6, dtype=np.float16).reshape(2, 3)


def test_it_is_names_types_shapes_and_numbers_in_the_order_of_names() -> None:
    stated = b"bias <f4 (3,)" + BIAS.tobytes() + b"weight <f2 (2, 3)" + WEIGHT.tobytes()
    assert tensor_digest({"weight": WEIGHT, "bias": BIAS}) == hashlib.sha256(stated).hexdigest()


def test_neither_order_nor_layout_in_memory_matter() -> None:
    other = np.asfortranarray(WEIGHT)
    assert not other.flags.c_contiguous
    assert tensor_digest({"bias": BIAS, "weight": other}) == tensor_digest({"weight": WEIGHT, "bias": BIAS})


def test_whatever_differs_gives_another_hash() -> None:
    changed = WEIGHT.copy()
    changed[1, 2] += 1
    found = {
        tensor_digest(tensors)
        for tensors in (
            {},
            {"weight": WEIGHT},
            {"other": WEIGHT},
            {"weight": changed},
            {"weight": WEIGHT.T},
            {"weight": WEIGHT.reshape(3, 2)},
            {"weight": WEIGHT.astype(np.float32)},
            {"weight": WEIGHT.view(np.uint16)},
        )
    }
    assert len(found) == 8
