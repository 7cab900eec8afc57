"""The models that options choose: files, and labels in words.

What finds labels in words is imported where there are any: a run that finds all videos done needs no numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.errors import UsageError
from vidlabel.features.encoders.pulled.folder import pulled_path
from vidlabel.features.encoders.pulled.table import PULLABLE
from vidlabel.features.encoders.video_networks.table import is_video_network
from vidlabel.files import sha256_of
from vidlabel.heads.bundled_models import check_names, find_model, shipped_models
from vidlabel.heads.model_file import read_spec
from vidlabel.heads.spec import ModelSpec
from vidlabel.paths import is_folder
from vidlabel.prediction.options import PredictOptions

if TYPE_CHECKING:
    from vidlabel.heads.model import Model


@dataclass(frozen=True, slots=True)
class ChosenNames:
    """What the names of models stand for."""

    files: tuple[str, ...]
    """Shipped models and model files."""
    video_networks: tuple[str, ...]
    """Those that label by the actions that they learnt."""
    image_text: str | None
    """Folder of the network of pictures and words that finds labels; None: they are found by names of classes."""
    has_labels: bool

    @property
    def count(self) -> int:
        """How many models label."""
        return len(self.files) + len(self.video_networks) + (1 if self.has_labels else 0)


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """What is known of a model before a video is labelled."""

    spec: ModelSpec
    sha256: str


def chosen_names(options: PredictOptions) -> ChosenNames:
    """Tell model files from video networks, and from the network of pictures and words that labels go with.

    Raises:
        UsageError: there are several networks.
        InstallationError: it was not pulled.
    """
    videos = tuple(name for name in options.models if is_video_network(name))
    others = tuple(name for name in options.models if name not in videos)
    if not options.labels:
        return ChosenNames(others, videos, None, has_labels=False)
    shipped = shipped_models()
    networks = [name for name in others if name not in shipped and (is_folder(name) or _can_be_pulled(name))]
    if len(networks) > 1:
        problem = f"{' and '.join(networks)} are both networks of pictures and words"
        raise UsageError("--model", problem, "give one of them")
    files = tuple(name for name in others if name not in networks)
    return ChosenNames(files, videos, _folder_of(networks[0]) if networks else None, has_labels=True)


def _can_be_pulled(name: str) -> bool:
    return name in PULLABLE and PULLABLE[name].kind == "image-text model"


def _folder_of(name: str) -> str:
    return name if is_folder(name) else str(pulled_path(name).parent)


def load_chosen_models(options: PredictOptions) -> tuple[Model, ...]:
    """Load the models that are used together: files, then video networks; labels in words are the last one.

    Raises:
        UsageError: two have the same name, or nothing that is known resembles a label.
        ModelFileError: one cannot be used.
        InstallationError: what finds labels in words, or a video network, is missing or damaged.
    """
    from vidlabel.heads.model import load_model
    from vidlabel.prediction.kinetics import load_kinetics

    names = chosen_names(options)
    models: list[Model] = [load_model(name) for name in names.files]
    models += [load_kinetics(name) for name in names.video_networks]
    if names.image_text is not None:
        from vidlabel.vocabulary.similarity import load_similarity

        models.append(load_similarity(options.labels, names.image_text))
    elif names.has_labels:
        from vidlabel.vocabulary.named_classes import load_named_classes

        models.append(load_named_classes(options.labels))
    check_names((model.spec.name, model.path) for model in models)
    return tuple(models)


def describe_models(options: PredictOptions) -> tuple[ChosenModel, ...]:
    """Describe the models that `load_chosen_models` loads; of files nothing but the description is read.

    Raises:
        UsageError, ModelFileError, InstallationError: as `load_chosen_models`.
    """
    names = chosen_names(options)
    paths = [find_model(name) for name in names.files]
    chosen = [ChosenModel(read_spec(path), sha256_of(path)) for path in paths]
    for name in names.video_networks:
        from vidlabel.prediction.kinetics import kinetics_digest, kinetics_spec

        spec = kinetics_spec(name)
        chosen.append(ChosenModel(spec, kinetics_digest(spec)))
        paths.append(pulled_path(name))
    if names.image_text is not None:
        from vidlabel.features.encoders.image_text_files import read_image_text_files
        from vidlabel.vocabulary.similarity import similarity_digest, similarity_spec

        files = read_image_text_files(names.image_text)
        chosen.append(ChosenModel(similarity_spec(options.labels, files), similarity_digest(options.labels, files)))
        paths.append(Path(names.image_text))
    elif names.has_labels:
        from vidlabel.vocabulary.named_classes import load_named_classes

        model = load_named_classes(options.labels)
        chosen.append(ChosenModel(model.spec, model.sha256))
        paths.append(model.path)
    check_names((model.spec.name, path) for model, path in zip(chosen, paths, strict=True))
    return tuple(chosen)


def describe_labels(options: PredictOptions) -> tuple[list[str], list[str]]:
    """What is found in place of labels in words: lines that say it, and warnings.

    Raises:
        UsageError: nothing that is known resembles any of them.
        ModelFileError, InstallationError: what finds them is missing or damaged.
    """
    names = chosen_names(options)
    if names.image_text is not None:
        from vidlabel.features.encoders.image_text_files import read_image_text_files

        files = read_image_text_files(names.image_text)
        return [f"labels are compared with the pictures by the {files.kind} network in {names.image_text}"], []
    if not names.has_labels:
        return [], []
    from vidlabel.vocabulary.named_classes import describe_names, match_names

    return describe_names(match_names(options.labels))
