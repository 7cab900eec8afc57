"""The models that options choose: files, and labels in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidlabel.files import sha256_of
from vidlabel.heads.bundled_models import check_names, find_model
from vidlabel.heads.model_file import read_spec
from vidlabel.heads.spec import ModelSpec
from vidlabel.prediction.options import PredictOptions

if TYPE_CHECKING:
    from vidlabel.heads.model import Model


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """What is known of a model before a video is labelled."""

    spec: ModelSpec
    sha256: str


def load_chosen_models(options: PredictOptions) -> tuple[Model, ...]:
    """Load the models that are used together; labels in words are the last one.

    Raises:
        UsageError: two have the same name, or nothing that is known resembles a label.
        ModelFileError: one cannot be used.
        InstallationError: what finds labels in words is missing or damaged.
    """
    from vidlabel.heads.model import load_model  # a run that finds all done does without

    models = [load_model(name) for name in options.models]
    if options.labels:
        models.append(_load_vocabulary(options.labels))
    check_names((model.spec.name, model.path) for model in models)
    return tuple(models)


def describe_models(options: PredictOptions) -> tuple[ChosenModel, ...]:
    """Describe the models that `load_chosen_models` loads; of model files nothing but the description is read.

    Raises:
        UsageError, ModelFileError, InstallationError: as `load_chosen_models`.
    """
    paths = [find_model(name) for name in options.models]
    specs = [read_spec(path) for path in paths]
    named = [(spec.name, path) for spec, path in zip(specs, paths, strict=True)]
    chosen = [ChosenModel(spec, sha256_of(path)) for spec, path in zip(specs, paths, strict=True)]
    if options.labels:
        model = _load_vocabulary(options.labels)
        named.append((model.spec.name, model.path))
        chosen.append(ChosenModel(model.spec, model.sha256))
    check_names(named)
    return tuple(chosen)


def describe_labels(labels: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """What is found in place of labels in words: lines that say it, and warnings.

    Raises:
        UsageError: nothing that is known resembles any of them.
        InstallationError: what finds them is missing or damaged.
    """
    if not labels:
        return [], []
    from vidlabel.vocabulary.named_classes import describe_names, match_names

    return describe_names(match_names(labels))


def _load_vocabulary(labels: tuple[str, ...]) -> Model:
    from vidlabel.vocabulary.named_classes import load_named_classes

    return load_named_classes(labels)
