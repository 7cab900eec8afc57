"""Loading the labeller leaves the garbage collector as a program needs it."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from vidlabel.errors import VidlabelError
from vidlabel.prediction.loading import load_labeller
from vidlabel.prediction.options import PredictOptions
from vidlabel.video.isolation.pool import DecodePool

LOAD = """
import gc
from vidlabel.prediction.loading import load_labeller
from vidlabel.prediction.options import PredictOptions
from vidlabel.video.isolation.pool import DecodePool
collections = []
gc.callbacks.append(lambda phase, info: collections.append(phase))
with DecodePool() as pool:
    load_labeller(PredictOptions(), pool)
    loading = len(collections)
    frozen = gc.get_freeze_count()
    gc.collect()
    print(loading, gc.isenabled(), frozen > 100_000, len(collections))
"""


def test_what_is_loaded_is_not_looked_through_for_garbage() -> None:
    ended = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    assert ended.stdout == "0 True True 2\n"


def test_the_collector_is_on_again_after_a_failure() -> None:
    try:
        with DecodePool() as pool, pytest.raises(VidlabelError, match="nowhere"):
            load_labeller(PredictOptions(model="nowhere.safetensors"), pool)
        assert gc.isenabled()
    finally:
        gc.unfreeze()
