"""What is collected, threads and processes that compute, and property tests: a busy machine must not fail a test."""

from __future__ import annotations

import errno
import functools
import gc
import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from browser import NAMES, find_chromium, start_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from torch import Tensor

    from vidlabel.features.encoders.frame_encoder import Encoder
    from vidlabel.video.isolation.pool import DecodePool

# Threads that wait for each other on cores that other tests keep busy took 20 times the processor time of one thread,
# and minutes instead of seconds. The libraries read this when they are first imported; child processes inherit it.
# Tests of what must not depend on the number of threads use `two_threads`.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# Each of some hundred processes would compile vidlabel anew: a fifth of the time that it takes to import it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from hypothesis import HealthCheck, settings  # noqa: E402

collect_ignore = [] if "VIDLABEL_DATA" in os.environ else ["labels/metrics/test_published_figures.py"]

# Shells let what they start in the background ignore Ctrl-C, and the processes that tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Half of Hypothesis' own number of examples: they are others in each run.
settings.register_profile("unhurried", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded stays loaded: looking through it for garbage took 0.6 of 40 s in 1,300 tests."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: tests wait for the processes that they start a fifth of the time."""
    from vidlabel.process import available_cores

    return available_cores() + 1


@pytest.fixture
def forbid_listing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes folders of a name impossible to list, also for root, whom permissions do not stop."""
    listed = os.scandir

    def forbid(name: str) -> None:
        def scandir(folder: str | Path) -> object:
            if Path(folder).name == name:
                raise PermissionError(errno.EACCES, "Permission denied")
            return listed(folder)

        monkeypatch.setattr(os, "scandir", scandir)

    return forbid


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Torch computes in two threads during this test."""
    import torch

    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run of pytest share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def _shared_cache(shared_folder: Path) -> Iterator[None]:
    """Features are kept for this run alone: neither the user's cache and models nor an earlier run change the tests."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VIDLABEL_CACHE", str(shared_folder / "cache"))
        environment.setenv("VIDLABEL_MODELS_DIR", str(shared_folder / "models"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _commands_built_once() -> Iterator[None]:
    """Typer builds all commands anew for each call in this process: 24 ms, some five hundred times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.main.get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(scope="session")
def decode_pool() -> Iterator[DecodePool]:
    """Decoding processes for all tests: starting one takes a third of a second of a processor."""
    from vidlabel.video.isolation.pool import DecodePool

    with DecodePool() as pool:
        yield pool


@pytest.fixture
def shared_decoding(decode_pool: DecodePool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labelling in this process decodes in `decode_pool`, not in a new process for each command."""
    for module in ("batch.jobs.extract", "batch.jobs.label", "prediction.predict"):
        monkeypatch.setattr(f"vidlabel.{module}.DecodePool", lambda: nullcontext(decode_pool))


@pytest.fixture
def explained_in_the_pool(decode_pool: DecodePool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for explanations, which load torch."""
    monkeypatch.setattr("vidlabel.explanation.explain.DecodePool", lambda: nullcontext(decode_pool))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for the tests of pages, skipped where the machine has none.

    One a module: as long as it is there an event loop runs in this thread, in which other tests cannot run theirs.
    """
    executable = find_chromium()
    if executable is None:
        pytest.skip(f"pages are not tested: no browser here ({', '.join(NAMES)}); install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = start_chromium(playwright, executable)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def encoders() -> Callable[..., Encoder]:
    """Loads each encoder once for all tests: that takes a third of a second of a processor."""
    from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
    from vidlabel.features.encoders.frame_encoder import load_encoder

    load_once = functools.cache(load_encoder)

    def load(*arguments: Any, **named: Any) -> Encoder:  # noqa: ANN401 - those of `load_encoder`
        has_own_weights = any(isinstance(value, FinetunedWeights) for value in (*arguments, *named.values()))
        return (load_encoder if has_own_weights else load_once)(*arguments, **named)

    return load


@pytest.fixture
def shared_encoders(encoders: Callable[..., Encoder], monkeypatch: pytest.MonkeyPatch) -> None:
    """What computes features in this process shares the encoders of other tests."""
    monkeypatch.setattr("vidlabel.features.encoders.frame_encoder.load_encoder", encoders)


@pytest.fixture(scope="session")
def decompose_once() -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Finds the principal components of the same samples once for all tests.

    Those of the encoder's 1280 numbers take half a second of a processor, five times or more in each training.
    """
    from vidlabel.training.fitting.whitening import _principal

    known: dict[bytes, tuple[Tensor, Tensor]] = {}

    def decompose(samples: Tensor) -> tuple[Tensor, Tensor]:
        key = hashlib.sha256(repr(samples.shape).encode() + samples.numpy().tobytes()).digest()
        if key not in known:
            known[key] = _principal(samples)
        return known[key]

    return decompose


@pytest.fixture
def shared_components(
    decompose_once: Callable[[Tensor], tuple[Tensor, Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training in this process shares the principal components of other tests."""
    monkeypatch.setattr("vidlabel.training.fitting.whitening._principal", decompose_once)


@pytest.fixture
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heads that are trained in this process see whole clips in a third of the usual steps, in a third of the time."""
    for module in ("plans", "windows"):
        monkeypatch.setattr(f"vidlabel.training.fitting.{module}.WINDOW_STEPS", 8)


@pytest.fixture
def few_epochs(short_windows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual training of heads takes a fraction of its time here: its defaults have no options in `tune`."""
    monkeypatch.setattr("vidlabel.training.options.DEFAULT_MEMBERS", 1)
    for name in ("RECURRENT_EPOCHS", "MEAN_EPOCHS", "RECURRENT_UPDATES", "MEAN_UPDATES"):
        monkeypatch.setattr(f"vidlabel.training.fitting.plans.{name}", 12)


@pytest.fixture
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands work on many videos in this process: a worker takes two seconds of a processor to load.

    That engines come to the same results is the contract of tests/batch/engines.
    """
    from vidlabel.batch.engines.in_process import InProcess
    from vidlabel.prediction.predict import PythonListener

    monkeypatch.setattr("vidlabel.batch.engines.local.LocalWorkers", lambda workers: InProcess(PythonListener()))
