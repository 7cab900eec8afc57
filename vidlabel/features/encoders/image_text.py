"""A network that makes vectors of pictures and of words, near each other where they belong together.

CLIP: A. Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021 (arXiv
2103.00020); SigLIP: X. Zhai et al., 2023 (arXiv 2303.15343). transformers computes them. Pictures go through the
network one at a time, so that a feature does not depend on what is encoded beside it. T pictures, C texts, D numbers.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from vidlabel.errors import InstallationError, ModelFileError
from vidlabel.features.encoders.hardware import Device, resolve_hardware
from vidlabel.features.encoders.image_text_files import ImageTextFiles
from vidlabel.features.encoders.networks import SpreadNetwork
from vidlabel.features.encoders.torch_networks import exact_convolutions, memory_errors, single_torch_threads
from vidlabel.process import available_cores

Floats = npt.NDArray[np.float32]


class ImageTextEncoder:
    """Encodes pictures and texts. Made by `load_image_text`; may be shared by threads."""

    batch_size = 1

    def __init__(self, files: ImageTextFiles, model: Any, tokenizer: Any, device: str, threads: int) -> None:  # noqa: ANN401
        self.feature_size = files.feature_size
        self._model = model
        self._tokenizer = tokenizer
        self._device = device
        self._network = SpreadNetwork(_Pictures(files, model, device), single_torch_threads(threads))

    def encode(self, frames: npt.NDArray[np.uint8]) -> Floats:
        """(T, S, S, 3) RGB, values 0 to 255, to (T, D) of length 1."""
        if len(frames) == 0:
            return np.zeros((0, self.feature_size), np.float32)
        return self._network.run(frames)

    def embed(self, texts: Sequence[str]) -> Floats:
        """(C, D) of length 1."""
        return np.concatenate([self._embed(text) for text in texts])

    @property
    def scale(self) -> float:
        """What the cosine of a picture and a text is multiplied by."""
        return float(self._model.logit_scale.exp())

    @property
    def bias(self) -> float:
        """What is added then; 0 of CLIP."""
        return float(getattr(self._model, "logit_bias", torch.zeros(1)))

    def _embed(self, text: str) -> Floats:
        length = self._model.config.text_config.max_position_embeddings
        tokens = self._tokenizer(
            [text], padding="max_length", max_length=length, truncation=True, return_tensors="pt"
        ).to(self._device)
        with memory_errors(), torch.inference_mode():
            return _unit(self._model.get_text_features(**tokens))


class _Pictures:
    """The network as it takes one picture."""

    def __init__(self, files: ImageTextFiles, model: Any, device: str) -> None:  # noqa: ANN401
        self._model = model
        self._device = device
        self._mean = torch.tensor(files.mean).view(1, 3, 1, 1) * 255
        self._deviation = torch.tensor(files.deviation).view(1, 3, 1, 1) * 255

    def run(self, frames: npt.NDArray[Any]) -> Floats:
        """(1, S, S, 3) to (1, D)."""
        pixels = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float()
        pixels = ((pixels - self._mean) / self._deviation).to(self._device)
        with memory_errors(), torch.inference_mode(), exact_convolutions(self._device):
            return _unit(self._model.get_image_features(pixel_values=pixels))


def _unit(found: Any) -> Floats:  # noqa: ANN401 - a tensor up to transformers 4, an object with one from 5 on
    vectors = getattr(found, "pooler_output", found)
    unit: Floats = torch.nn.functional.normalize(vectors, dim=-1).float().cpu().numpy()
    return unit


@functools.lru_cache(maxsize=1)
def load_image_text(files: ImageTextFiles, device: Device, threads: int | None) -> ImageTextEncoder:
    """Load a network; kept, since one encodes the labels and the pictures.

    Raises:
        InstallationError: transformers is not installed.
        ModelFileError: the files do not fit each other.
        DeviceError: there is no GPU, or it has too little memory left.
    """
    used_device, _ = resolve_hardware(device, "torch")
    os.environ["HF_HUB_OFFLINE"] = "1"  # else a look at a folder may ask a hub whether there is something newer
    try:
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        problem = f"transformers, which computes it, cannot be loaded ({error})"
        raise InstallationError(files.folder, problem, "run: pip install 'vidlabel[clip]'") from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(files.folder, local_files_only=True, trust_remote_code=False)
        model = AutoModel.from_pretrained(
            files.folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
        )
    except Exception as error:  # of whatever kind a damaged folder makes in transformers
        first = str(error).strip().split("\n")[0][:200]
        raise ModelFileError(files.folder, f"cannot be loaded ({first})", "save or copy the folder again") from error
    with memory_errors():
        model = model.eval().requires_grad_(requires_grad=False).to(used_device)
    return ImageTextEncoder(files, model, tokenizer, used_device, threads or available_cores())
