"""Which encoder an option names, and the size of the pictures that comes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from heads.example_specs import published_stream, save_example, video_spec
from vidlabel.errors import InstallationError, UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.prediction import encoder_choice
from vidlabel.prediction.encoder_choice import with_encoder

CONFIG = FeatureConfig(rate=4.0)


@pytest.mark.parametrize(
    ("encoder", "short_side"), [("efficientnet-lite0", 224), ("efficientnet-lite1", 240), ("efficientnet-lite2", 260)]
)
def test_a_published_encoder_has_pictures_of_its_own_size(
    encoder: str, short_side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder_choice, "weights_path", lambda published: Path(published.file))
    found = with_encoder(CONFIG, encoder)
    assert (found.encoder, found.short_side, found.rate) == (encoder, short_side, 4.0)
    assert with_encoder(CONFIG, encoder, 96).short_side == 96


def test_the_encoder_of_a_model_has_the_pictures_of_the_model(tmp_path: Path) -> None:
    spec = video_spec(published_stream(mean=0.0, scale=255.0, short_side=48))
    model = str(tmp_path / "m.safetensors")
    save_example(spec, Path(model))
    found = with_encoder(CONFIG, model)
    assert (found.encoder, found.scaling.scale, found.short_side) == ("efficientnet-lite0", 255.0, 48)
    assert with_encoder(CONFIG, model, 64).short_side == 64
    assert with_encoder(CONFIG, None) == CONFIG


def test_an_encoder_that_is_not_there_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="there is no such encoder"):
        with_encoder(CONFIG, "resnet")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InstallationError, match=r"encoder efficientnet-lite2: .*'vidlabel\[lite2\]'"):
        with_encoder(CONFIG, "efficientnet-lite2")
