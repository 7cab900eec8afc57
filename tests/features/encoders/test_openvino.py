"""OpenVINO gives torch's features, the same bytes every time, and tells nobody."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from features.encoders.reference import known_picture
from vidlabel.features.encoders.efficientnet_layers import efficientnet_graph, load_layers
from vidlabel.features.encoders.frame_encoder import Encoder, load_encoder
from vidlabel.features.encoders.hardware import is_openvino_installed
from vidlabel.features.encoders.openvino import MOST_SHAPES, OpenvinoNetwork
from vidlabel.features.encoders.weights import PUBLISHED_SCALING

if not is_openvino_installed():  # importorskip would import it, with its telemetry.
    pytest.skip("OpenVINO is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(threads=2, runtime="openvino")


@pytest.mark.parametrize("size", [(224, 224), (224, 398), (65, 97), (32, 33)])
def test_features_are_those_of_torch(encoder: Encoder, size: tuple[int, int]) -> None:
    pictures = np.stack([known_picture(*size), np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)])
    expected = load_encoder(threads=1, runtime="torch").encode(pictures)
    assert encoder.runtime == "openvino"
    np.testing.assert_allclose(encoder.encode(pictures), expected, rtol=0, atol=1e-4)


def test_bytes_do_not_depend_on_sizes_seen_before_nor_on_threads(encoder: Encoder) -> None:
    picture = known_picture(64, 80)[None]
    first = encoder.encode(picture).tobytes()
    for width in range(81, 82 + MOST_SHAPES):
        encoder.encode(known_picture(64, width)[None])
    assert encoder.encode(picture).tobytes() == first
    assert load_encoder(threads=3, runtime="openvino").encode(picture).tobytes() == first


def test_a_batch_gives_the_features_of_its_pictures() -> None:
    network = OpenvinoNetwork(efficientnet_graph(load_layers("efficientnet-lite0"), PUBLISHED_SCALING), threads=1)
    pictures = np.random.default_rng(2).integers(0, 256, (3, 64, 80, 3), dtype=np.uint8)
    alone = np.concatenate([network.run(picture[None]) for picture in pictures])
    np.testing.assert_allclose(network.run(pictures), alone, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_bytes_are_the_same_in_another_process(encoder: Encoder) -> None:
    code = """
import hashlib
from features.encoders.reference import known_picture
from vidlabel.features.encoders.frame_encoder import load_encoder
feature = load_encoder(threads=1, runtime="openvino").encode(known_picture(64, 80)[None])
print(hashlib.sha256(feature.tobytes()).hexdigest())
"""
    here = hashlib.sha256(encoder.encode(known_picture(64, 80)[None]).tobytes()).hexdigest()
    assert run(code).strip() == here


def test_a_program_that_converts_models_still_can() -> None:
    code = """
import sys
from vidlabel.features.encoders.openvino import load_openvino
load_openvino()
assert "openvino.tools" not in sys.modules
import openvino
assert not hasattr(openvino, "no_such_name")
print(openvino.convert_model.__name__)
"""
    assert run(code) == "convert_model\n"


@pytest.mark.slow
def test_nothing_is_reported_to_anybody(tmp_path: Path) -> None:
    """The package's own import leaves its traces in the home folder, and a process that talks to a server."""
    code = """
import sys
met = []
sys.addaudithook(lambda event, arguments: met.append(event))
from features.encoders.reference import known_picture
from vidlabel.features.encoders.frame_encoder import load_encoder
load_encoder(runtime="openvino").encode(known_picture(64, 80)[None])
assert "openvino" in sys.modules
assert not [name for name in sys.modules if name.startswith("openvino_telemetry")]
print(sorted({event for event in met if event.startswith(("socket.", "subprocess.", "os.fork", "os.posix_spawn"))}))
"""
    assert run(code, home=tmp_path) == "[]\n"
    assert list(tmp_path.iterdir()) == []


def run(code: str, home: Path | None = None) -> str:
    tests = Path(__file__).parents[2]
    environment = {"PYTHONPATH": f"{tests}:{tests.parent}", "PATH": "/usr/bin:/bin"}
    if home is not None:
        environment["HOME"] = str(home)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
