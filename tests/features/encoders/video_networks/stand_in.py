"""A stand-in for torchvision with one network, whose feature is the mean brightness of each frame of a clip."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from vidlabel.features.encoders.pulled.table import PULLABLE

NAME = "r2plus1d_18"
CLASSES = tuple(f"action {number}" for number in range(400))
FRAMES, SIZE = 16, 512


class Brightness(nn.Module):
    """Clips (1, 3, L, S, S) to the mean of each frame, then to the classes."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.tensor(3))  # whole numbers are among real weights, too
        self.fc: nn.Module = nn.Linear(SIZE, len(CLASSES))

    def forward(self, clips: Tensor) -> Tensor:
        brightness = clips.mean(dim=(1, 3, 4))
        found: Tensor = self.fc(nn.functional.pad(brightness, (0, SIZE - brightness.shape[1])))
        return found


def make_weights() -> dict[str, Tensor]:
    """Action k has the brightness of frame k of a clip for its output; of others -100."""
    network = Brightness()
    state = network.state_dict()
    state["fc.weight"], state["fc.bias"] = torch.eye(len(CLASSES), SIZE), torch.full((len(CLASSES),), -100.0)
    state["fc.bias"][:FRAMES] = 0
    return state


def put_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `import torchvision` find the stand-in."""
    models = ModuleType("torchvision.models")
    models.get_model = lambda name, weights: Brightness()  # type: ignore[attr-defined]
    meta = {"categories": list(CLASSES)}
    models.get_model_weights = lambda name: {"KINETICS400_V1": SimpleNamespace(meta=meta)}  # type: ignore[attr-defined]
    package = ModuleType("torchvision")
    package.__spec__ = ModuleSpec("torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)


def put_weights(folder: Path, monkeypatch: pytest.MonkeyPatch, weights: dict[str, Tensor], name: str = NAME) -> Path:
    """Let a network count as pulled into a folder; its file."""
    monkeypatch.setenv("VIDLABEL_MODELS_DIR", str(folder))
    model, content = PULLABLE[name], io.BytesIO()
    torch.save(weights, content)
    path = folder / name / model.files[0].path
    path.parent.mkdir(parents=True)
    path.write_bytes(content.getvalue())
    file = {
        "path": path.name,
        "size": len(content.getvalue()),
        "sha256": hashlib.sha256(content.getvalue()).hexdigest(),
    }
    path.with_name("pulled.json").write_text(json.dumps({"name": name, "source": str(model.source), "files": [file]}))
    return path


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in and its weights, pulled; the file of these."""
    put_torchvision(monkeypatch)
    return put_weights(tmp_path / "models", monkeypatch, make_weights())
