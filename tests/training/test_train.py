"""What training takes from a model that it goes on from, before anything is computed."""

from __future__ import annotations

from pathlib import Path

from heads.example_specs import save_example, step_spec
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.train import label_options_from


def test_files_of_features_come_at_the_rate_of_the_model(tmp_path: Path) -> None:
    model = save_example(step_spec(), tmp_path / "m.safetensors")
    asked = LabelOptions(task="single")
    assert label_options_from(model, asked) == LabelOptions(task="single", rate=4.0)
    assert label_options_from(model, LabelOptions(rate=2.0)).rate == 2.0
    assert label_options_from(None, asked) == asked
