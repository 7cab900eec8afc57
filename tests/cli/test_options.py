"""The commands' options: their defaults are those of the library, and each help text can be understood alone."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, Field, fields
from typing import Any, get_args

import pytest
import typer.main
from typer.core import TyperGroup

import vidlabel
from vidlabel.cli.app import app
from vidlabel.cli.commands.predict import FormatName
from vidlabel.evaluation.request import EvaluationRequest
from vidlabel.features.config import ExtractOptions, FeatureConfig
from vidlabel.labels.formats.registry import FORMATS
from vidlabel.prediction.options import PredictOptions
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.splits import USUAL_FOLDS
from vidlabel.training.feature_options import DEFAULT_RATE, FeatureOptions
from vidlabel.training.fitting.plans import MEAN_EPOCHS, RECURRENT_EPOCHS
from vidlabel.training.options import TrainOptions
from vidlabel.training.train import TrainRequest

OTHER_NAMES = {"evaluate": {"tolerance_s": "tolerance"}}
TRAINING = {"folds": "inner_folds"}
"""`evaluate --folds` are those of the outer cross-validation."""


def parameters(name: str) -> dict[str, Any]:
    """The parameters of a command by name; their class is typer's own or click's, depending on typer's version."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return {str(parameter.name): parameter for parameter in group.commands[name].params}


def as_given(default: object) -> object:
    """What a command passes on: its lists become tuples."""
    return tuple(default) if isinstance(default, list) else default


def default_of(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


@pytest.mark.parametrize(
    ("name", "options", "renamed"),
    [
        ("predict", PredictOptions, {"models": "model"}),
        ("train", TrainOptions, TRAINING),
        ("train", LabelOptions, {}),
        ("evaluate", TrainOptions, TRAINING),
        ("evaluate", LabelOptions, {}),
    ],
)
def test_every_option_of_the_library_has_its_default(name: str, options: type[Any], renamed: dict[str, str]) -> None:
    found = parameters(name)
    wanted = {renamed.get(field.name, field.name): default_of(field) for field in fields(options)}
    assert {option: as_given(found[option].default) for option in wanted} == wanted


@pytest.mark.parametrize(
    ("name", "options", "shared"),
    [
        ("train", TrainRequest, {"licence", "resume", "init"}),
        ("train", FeatureOptions, {"device"}),
        ("train", FeatureConfig, {"runtime"}),
        ("evaluate", EvaluationRequest, {"model", "tolerance_s"}),
        ("evaluate", FeatureOptions, {"device"}),
        ("evaluate", FeatureConfig, {"runtime"}),
        ("features", ExtractOptions, {"encoder", "rate", "short_side", "view", "lag", "device", "decoder", "runtime"}),
    ],
)
def test_options_that_are_in_requests_have_their_defaults(name: str, options: type[Any], shared: set[str]) -> None:
    found, renamed = parameters(name), OTHER_NAMES.get(name, {})
    wanted = {
        renamed.get(field.name, field.name): default_of(field) for field in fields(options) if field.name in shared
    }
    assert len(wanted) == len(shared)
    assert {option: found[option].default for option in wanted} == wanted


ON_THE_TERMINAL = {"quiet", "debug", "help"}
OF_BATCHES = {
    "inputs", "output", "format_name", "workers", "recursive", "overwrite", "retry_failed", "dry_run", "strict",
    "summary", "profile", "render",
}  # fmt: skip
"""`predict` in Python labels one video and returns its result."""


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("predict", OF_BATCHES),
        ("train", {"check"}),
        ("evaluate", {"as_json", "output"}),  # It returns the evaluation; `write_evaluation` writes the folder.
    ],
)
def test_every_option_of_a_command_is_a_keyword_in_python(name: str, others: set[str]) -> None:
    keywords = inspect.signature(getattr(vidlabel, name)).parameters
    options = {option: as_given(one.default) for option, one in parameters(name).items() if option not in others}
    shared = {option: default for option, default in options.items() if option not in ON_THE_TERMINAL}
    assert {option: keywords[option].default for option in shared if option in keywords} == shared


def test_every_format_of_labels_can_be_asked_for() -> None:
    named, _ = get_args(get_args(FormatName)[0])
    assert set(get_args(named)) == set(FORMATS)


@pytest.mark.parametrize(
    ("name", "option", "words"),
    [
        ("train", "rate", f"[default: {DEFAULT_RATE:g} for videos"),
        ("train", "epochs", f"[default: {RECURRENT_EPOCHS}, or {MEAN_EPOCHS} without"),
        ("evaluate", "folds", f"[default: {USUAL_FOLDS}, or"),
    ],
)
def test_defaults_in_words_are_true(name: str, option: str, words: str) -> None:
    assert words in parameters(name)[option].help


@pytest.mark.parametrize("name", ["predict", "train", "evaluate", "features", "models", "info", "status"])
def test_each_help_text_is_a_sentence_that_stands_alone(name: str) -> None:
    texts = {
        option: parameter.help.partition(" [default:")[0]
        for option, parameter in parameters(name).items()
        if option != "help"
    }
    incomplete = {
        option: text
        for option, text in texts.items()
        if not text[:1].isupper() or text.startswith("Of ") or not text.endswith(".") or len(text.split()) < 2
    }
    assert incomplete == {}
