"""The sound encoder: the published network, to the last layer, in every library."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from vidlabel.features.encoders.hardware import Runtime, is_openvino_installed
from vidlabel.features.encoders.log_mel import log_mel
from vidlabel.features.encoders.sound_encoder import (
    SoundEncoder,
    load_sound_classifier,
    load_sound_encoder,
    load_yamnet_layers,
)
from vidlabel.features.encoders.yamnet import Yamnet

REPOSITORY = Path(__file__).parents[3]
RUNTIMES: list[Runtime] = ["torch", "openvino"] if is_openvino_installed() else ["torch"]
REFERENCE = json.loads(Path(__file__).with_name("yamnet_reference.json").read_text(encoding="ascii"))


def made_patches() -> npt.NDArray[np.float32]:
    """As `weights/build_yamnet.py` makes them for the reference: bands that glide up and down."""
    time, band = np.arange(96, dtype=np.float64)[:, None], np.arange(64, dtype=np.float64)[None, :]
    waves = [np.sin(time * step / 10) * 20 + 32 for step in range(1, 5)]
    return np.stack([3 - 9 * np.tanh(np.abs(band - wave) / 8) for wave in waves]).astype(np.float32)


def sounds(count: int) -> npt.NDArray[np.float32]:
    """Windows of noise and tones."""
    random = np.random.default_rng(3)
    time = np.arange(15600) / 16000
    tones = np.stack([np.sin(2 * np.pi * 220 * (number + 1) * time) for number in range(count)])
    return (0.3 * tones + 0.05 * random.normal(size=tones.shape)).astype(np.float32)


def scores_of(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    classifier = load_sound_classifier()
    return 1 / (1 + np.exp(-(features.astype(np.float64) @ classifier.weight.T + classifier.bias)))


def test_network_and_classifier_are_the_published_ones() -> None:
    with torch.inference_mode():
        features = Yamnet(load_yamnet_layers())(torch.from_numpy(made_patches()[:, None])).numpy()
    np.testing.assert_allclose(features[:, ::16], REFERENCE["embedding"], rtol=0, atol=2e-4)
    np.testing.assert_allclose(features.sum(axis=1), REFERENCE["embedding_sum"], rtol=1e-4)
    np.testing.assert_allclose(scores_of(features)[:, ::8], REFERENCE["scores"], rtol=0, atol=2e-4)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_features_of_sound_are_those_of_its_spectrograms(runtime: Runtime) -> None:
    windows = sounds(3)
    with torch.inference_mode():
        expected = Yamnet(load_yamnet_layers())(
            torch.from_numpy(np.stack([log_mel(window) for window in windows])[:, None])
        ).numpy()
    encoder = load_sound_encoder(threads=2, runtime=runtime)
    assert (encoder.feature_size, encoder.runtime) == (1024, runtime)
    np.testing.assert_allclose(encoder.encode(windows), expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_bytes_do_not_depend_on_what_is_encoded_beside(runtime: Runtime) -> None:
    windows = sounds(5)
    encoder = load_sound_encoder(threads=2, runtime=runtime)
    together = encoder.encode(windows)
    alone = np.concatenate([load_sound_encoder(threads=1, runtime=runtime).encode(window[None]) for window in windows])
    assert together.tobytes() == alone.tobytes()


def test_batches_of_one_size_give_the_same_features() -> None:
    """The way of a GPU, computed by torch on the CPU."""
    windows = sounds(34)
    network = SoundEncoder(load_yamnet_layers(), "cpu:0", "torch", 1)
    np.testing.assert_allclose(network.encode(windows), load_sound_encoder().encode(windows), rtol=0, atol=2e-4)


def test_no_sound_has_no_features() -> None:
    assert load_sound_encoder().encode(np.zeros((0, 15600), np.float32)).shape == (0, 1024)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_silence_is_encoded_once(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    windows = np.concatenate([np.zeros((3, 15600), np.float32), sounds(2), np.zeros((2, 15600), np.float32)])
    alone = [load_sound_encoder(threads=1, runtime=runtime).encode(windows[place][None]) for place in (0, 3, 4)]
    encoder = load_sound_encoder(threads=1, runtime=runtime)
    run, taken = encoder._network.run, []

    def counted(own: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        taken.append(len(own))
        return run(own)

    monkeypatch.setattr(encoder._network, "run", counted)
    for _ in range(2):
        found = encoder.encode(windows)
        assert found.tobytes() == np.concatenate([alone[place] for place in (0, 0, 0, 1, 2, 0, 0)]).tobytes()
    assert sum(taken) == 2 + 1 + 2


def test_silence_is_called_silence() -> None:
    scores = scores_of(load_sound_encoder().encode(np.zeros((1, 15600), np.float32)))[0]
    assert classes()[int(scores.argmax())]["name"] == "Silence"


def classes() -> list[dict[str, str]]:
    with (REPOSITORY / "weights" / "audioset_classes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_classes_stand_in_the_published_order() -> None:
    """Some well-known places of the class map of YAMNet."""
    rows = classes()
    assert [row["index"] for row in rows] == [str(index) for index in range(521)]
    known = {0: "/m/09x0r", 132: "/m/04rlf", 494: "/m/028v0c", 67: "/m/0jbk"}
    assert {index: rows[index]["mid"] for index in known} == known
