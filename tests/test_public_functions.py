"""The public functions: each has an example that runs, and the defaults of the library's options."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import vidlabel
from corpus import Recipe, write_video
from evaluation.evaluated import telling_table
from vidlabel.evaluation.request import EvaluationRequest
from vidlabel.evaluation.tune_options import TuneOptions
from vidlabel.features.config import FeatureConfig
from vidlabel.prediction.options import PredictOptions
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.feature_options import FeatureOptions
from vidlabel.training.options import TrainOptions
from vidlabel.training.train import TrainRequest

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders", "few_epochs")

FUNCTIONS = [name for name in vidlabel.__all__ if inspect.isfunction(getattr(vidlabel, name))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the examples name."""
    folder = tmp_path_factory.mktemp("examples")
    write_video(folder / "clip.mp4", Recipe(frames=100))
    telling_table(folder)
    (folder / "falls.csv").write_text("video,start,end,label\nclip.mp4,1.5,2.5,fall\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_in_the_docstring_runs(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    text = inspect.getdoc(getattr(vidlabel, name)) or ""
    example = doctest.DocTestParser().get_doctest(text, {"vidlabel": vidlabel}, name, None, 0)
    assert any(f"vidlabel.{name}(" in one.source for one in example.examples)
    result = doctest.DocTestRunner().run(example)
    assert result.failed == 0, capsys.readouterr().out


OF_PATHS = {
    "cache_dir": "str | PathLike[str]",
    "encoder": "str | PathLike[str]",
    "encoders": "str | PathLike[str] | Sequence[str | PathLike[str]]",
    "labels": "Sequence[str]",
    "models": "str | PathLike[str] | Sequence[str | PathLike[str]]",
    "groups": "str | PathLike[str]",
    "speech": "str | PathLike[str]",
    "subtitles": "str | PathLike[str]",
}
"""Types of keywords that take paths and lists in any form."""


@pytest.mark.parametrize(
    ("function", "options", "renamed"),
    [
        (vidlabel.predict, PredictOptions, {"models": "model"}),
        (vidlabel.train, TrainOptions, {"folds": "inner_folds"}),
        (vidlabel.train, LabelOptions, {}),
        (vidlabel.evaluate, TrainOptions, {"folds": "inner_folds"}),
        (vidlabel.evaluate, LabelOptions, {}),
        (vidlabel.tune, LabelOptions, {}),
        (vidlabel.tune, TuneOptions, {"encoders": "encoder"}),
    ],
)
def test_every_option_is_a_typed_keyword_with_its_default(
    function: Callable[..., object], options: type[Any], renamed: dict[str, str]
) -> None:
    found = inspect.signature(function).parameters
    for field in fields(options):
        keyword = found[renamed.get(field.name, field.name)]
        assert keyword.default == field.default
        # A number of options is a float that stays as it was written when it goes through JSON.
        own_type = OF_PATHS.get(field.name, str(field.type)).replace("Number", "float")
        assert str(keyword.annotation).removesuffix(" | None") == own_type.removesuffix(" | None")


def test_no_function_takes_unnamed_options() -> None:
    kinds = {kind for name in FUNCTIONS for kind in inspect.signature(getattr(vidlabel, name)).parameters.values()}
    assert not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in kinds)


def test_the_other_keywords_have_the_defaults_of_the_requests() -> None:
    train, evaluate = (inspect.signature(function).parameters for function in (vidlabel.train, vidlabel.evaluate))
    requested = {field.name: field.default for field in fields(TrainRequest)}
    names = ("init", "resume", "licence")
    assert [train[name].default for name in names] == [requested[name] for name in names]
    measured = {field.name: field.default for field in fields(EvaluationRequest)}
    assert (evaluate["model"].default, evaluate["tolerance"].default) == (measured["model"], measured["tolerance_s"])
    assert train["runtime"].default == evaluate["runtime"].default == FeatureConfig().runtime
    assert train["device"].default == evaluate["device"].default == FeatureOptions().device
