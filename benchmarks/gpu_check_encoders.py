"""Encoders beyond the usual ones on a GPU, beside the CPU: files, timm, networks of clips, of pictures and words.

The networks have their real layers and sizes, and random weights where no package carries the published ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from gpu_check_encoding import ENCODER, Values, timed
from gpu_check_rows import NO_GPU, Figure, Row, Setting, judged
from vidlabel.errors import VidlabelError
from vidlabel.features.encoders.efficientnet import load_network
from vidlabel.features.encoders.hardware import UsedDevice
from vidlabel.features.encoders.image_text import load_image_text
from vidlabel.features.encoders.image_text_files import read_image_text_files
from vidlabel.features.encoders.network_files.declaration import KEY
from vidlabel.features.encoders.network_files.file_encoder import FileEncoder, open_encoder_file, open_timm_encoder
from vidlabel.features.encoders.torchvision_pair import import_beside_torch
from vidlabel.features.encoders.video_networks.clip_encoder import ClipEncoder
from vidlabel.features.encoders.video_networks.table import VIDEO_NETWORKS, VideoNetwork
from vidlabel.features.encoders.video_networks.torchvision_networks import build_network
from vidlabel.features.encoders.weights import PUBLISHED_SCALING

TIMM_NETWORK = "vit_small_patch14_dinov2.lvd142m"
MOST_CHANGE = 1e-3
"""Of a feature in float32, as a share of the largest: sums are made in another order."""
_TEXTS = ("This is a photo of a dog.", "a car")

Encode = Callable[[npt.NDArray[np.uint8]], Values]
Load = Callable[[UsedDevice], Encode]
"""An encoder for a device."""


def check_encoders(setting: Setting) -> Iterator[Row]:
    """Each kind of encoder in float32; what is not installed costs its own rows alone."""
    kinds = {
        "ExportedProgram": _exported_rows,
        f"timm, {TIMM_NETWORK}": _timm_rows,
        "image-text, ViT-B/32": _image_text_rows,
        "video networks": _video_rows,
    }
    for name, rows in kinds.items():
        if setting.device == "none":
            yield Row(name, "not possible here", NO_GPU)
            continue
        try:
            yield from rows(name, setting)
        except VidlabelError as error:
            yield Row(name, "not possible here", str(error))


def _exported_rows(name: str, setting: Setting) -> Iterator[Row]:
    path = setting.folder / "lite0.pt2"
    network = load_network(ENCODER).eval().requires_grad_(requires_grad=False)
    any_number = ({0: torch.export.Dim("pictures")},)
    program = torch.export.export(network, (torch.zeros(2, 3, 224, 224),), dynamic_shapes=any_number)
    declared = json.dumps({"short_side": 224, **asdict(PUBLISHED_SCALING)})
    torch.export.save(program, path, extra_files={KEY: declared})
    file = open_encoder_file(path)
    yield _row(name, lambda device: FileEncoder(file, device, 1).encode, _pictures(setting, 224), setting)


def _timm_rows(name: str, setting: Setting) -> Iterator[Row]:
    timm = import_beside_torch("timm", ("timm", "torchvision"), TIMM_NETWORK, "timm")
    from safetensors.torch import save_file

    torch.manual_seed(0)
    weights = timm.create_model(TIMM_NETWORK, pretrained=False, num_classes=0).state_dict()
    path = setting.folder / "timm.safetensors"
    save_file(weights, path)
    file = open_timm_encoder(f"timm:{TIMM_NETWORK}={path}")
    pictures = _pictures(setting, file.short_side)[:8]
    yield _row(name, lambda device: FileEncoder(file, device, 1).encode, pictures, setting)


def _image_text_rows(name: str, setting: Setting) -> Iterator[Row]:
    if find_spec("transformers") is None:
        yield Row(name, "not possible here", "transformers is not installed")
        return
    from transformers import CLIPConfig, CLIPModel

    from vocabulary.image_text_folders import save_network

    folder = save_network(setting.folder / "image-text", "clip")
    torch.manual_seed(0)
    CLIPModel(CLIPConfig(text_config={"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 1})).save_pretrained(folder)
    files = read_image_text_files(str(folder))
    pictures = _pictures(setting, files.image_side)
    yield _row(name, lambda device: load_image_text(files, device, 1).encode, pictures, setting)
    on_cpu, on_gpu = (load_image_text(files, device, 1).embed(_TEXTS) for device in ("cpu", setting.encode_device))
    change = float(np.abs(on_gpu - on_cpu).max())
    figures: dict[str, Figure] = {"texts": len(_TEXTS), "largest change": change}
    yield judged(f"{name}, texts", {"texts differ too much from the CPU's": change <= MOST_CHANGE}, figures)


def _video_rows(name: str, setting: Setting) -> Iterator[Row]:
    models = import_beside_torch("torchvision.models", ("torchvision",), name, "video")
    generator = np.random.default_rng(3)
    for network in list(VIDEO_NETWORKS.values())[: 1 if setting.quick else None]:
        torch.manual_seed(0)
        built = models.get_model(network.name, weights=None)
        weights = {key: tensor.numpy() for key, tensor in built.state_dict().items()}
        shape = (2, network.clip.count, network.side, network.side, 3)
        clips = generator.integers(0, 256, shape, dtype=np.uint8)
        yield _row(network.name, _clip_loader(network, weights), clips, setting)


def _clip_loader(network: VideoNetwork, weights: dict[str, npt.NDArray[Any]]) -> Load:
    return lambda device: ClipEncoder(network, build_network(network, weights), device, 1).encode


def _pictures(setting: Setting, side: int) -> npt.NDArray[np.uint8]:
    """(B, S, S, 3): noise of several coarsenesses."""
    generator = np.random.default_rng(4)
    small = generator.integers(0, 256, (4 if setting.quick else 48, 16, 16, 3), dtype=np.uint8)
    return np.repeat(np.repeat(small, -(-side // 16), axis=1), -(-side // 16), axis=2)[:, :side, :side]


def _row(name: str, load: Load, inputs: npt.NDArray[np.uint8], setting: Setting) -> Row:
    expected, on_core = timed(load("cpu"), inputs)
    found, on_gpu = timed(load(setting.encode_device), inputs)
    change = float(np.abs(found - expected).max() / np.abs(expected).max())
    figures: dict[str, Figure] = {
        "inputs": len(inputs),
        "largest change, of the largest": change,
        "a second": on_gpu,
        "over one core": on_gpu / on_core,
    }
    return judged(name, {"features differ too much from the CPU's": change <= MOST_CHANGE}, figures)
