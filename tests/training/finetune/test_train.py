"""Tuning the encoder: what it learns from, what it never sees, and that the model file holds what was learnt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import vidlabel
from corpus import Recipe, write_video
from features.encoders.plain_network import plainly
from training.sets import example, training_set
from video.in_process import open_samples
from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.efficientnet import EfficientNetLite, load_network
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.network_files.encoder_file import NetworkFile
from vidlabel.features.encoders.trainable_tail import EncoderTail
from vidlabel.features.encoders.weights import PUBLISHED_SCALING
from vidlabel.features.streams.pictures import view_picture
from vidlabel.heads.scoring import make_scorer
from vidlabel.stream_spec import NetworkInterface
from vidlabel.training.dataset.examples import LabelOptions
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.dataset.reading import read_examples
from vidlabel.training.feature_options import FeatureOptions
from vidlabel.training.features import VIEWS, extract_features
from vidlabel.training.finetune import train as tune_module
from vidlabel.training.finetune.activations import KeptPictures, PictureKeeper
from vidlabel.training.finetune.train import EncoderTuning, held_out_part, refuse_untunable, tune
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.options import TrainOptions
from vidlabel.training.train import SilentTrainListener, Trained, TrainRequest, run_training
from vidlabel.video.request import SampleRequest

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders", "shared_components")

NAME = "efficientnet-lite0"
RATE, SIDE = 5.0, 64
CLIPS, FRAMES = 8, 14
OPTIONS = TrainOptions(
    tune_encoder=1, head="mean", epochs=6, folds=2, streams=("frames",), learning_rate=0.125, batch_size=4
)


class StopsAfter(SilentTrainListener):
    """Interrupts after so many epochs of a job."""

    def __init__(self, run: str, epochs: int) -> None:
        self.run, self.left = run, epochs

    def epoch_done(self, run: str, figures: EpochFigures) -> None:  # noqa: ARG002 - the protocol has it
        self.left -= run == self.run
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight clips, two in a group, that differ in the numbers painted in them, and a table of their labels."""
    folder = tmp_path_factory.mktemp("clips")
    rows = ["video,start,end,label,group"]
    for number in range(CLIPS):
        shown = [(40 if number % 2 else 0) + number + frame for frame in range(FRAMES)]
        write_video(folder / f"{number}.mp4", Recipe(frames=FRAMES, rate=Fraction(10)), shown)
        rows.append(f"{number}.mp4,,,{('low', 'high')[number % 2]},g{number // 2}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def request(folder: Path, output: Path, options: TrainOptions = OPTIONS) -> TrainRequest:
    features = FeatureOptions(
        config=FeatureConfig(rate=RATE, short_side=SIDE), streams=("frames",), cache=folder / "cache"
    )
    training_set = read_examples(folder / "labels.csv", LabelOptions())
    return TrainRequest(training_set=training_set, source="x", output=output, options=options, features=features)


def trained_in(folder: Path, output: Path) -> Trained:
    return run_training(request(folder, output / "m.safetensors"), SilentTrainListener())


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a tuned encoder."""
    return trained_in(folder, tmp_path_factory.mktemp("made")).model.path


@pytest.fixture(scope="module")
def again(folder: Path, made: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The same once more, with features that lie in the cache."""
    return trained_in(folder, tmp_path_factory.mktemp("again"))


TrainingTensors = tuple[FeatureDataset, list[KeptPictures]]


@pytest.fixture(scope="module")
def tensors(folder: Path) -> TrainingTensors:
    asked = request(folder, folder / "none")
    dataset, _ = extract_features(asked.training_set, asked.features, None, SilentTrainListener())
    keeper = PictureKeeper(asked.features.config, ("frames",), VIEWS, EncoderTail(NAME, 1))
    return dataset, keeper.keep(dataset, SilentTrainListener())


def tuned_digest(dataset: FeatureDataset, kept: list[KeptPictures], options: TrainOptions = OPTIONS) -> str:
    return tune(dataset, kept, EncoderTail(NAME, 1), RATE, options, SilentTrainListener(), None).weights.sha256


def network_of(model: Path) -> EfficientNetLite:
    """The published network with the tensors of a model file, put there by hand."""
    network = load_network(NAME).requires_grad_(False)
    parameters = dict(network.named_parameters())
    prefix = "encoders.0."
    stored = {n.removeprefix(prefix): t for n, t in load_file(model).items() if n.startswith(prefix)}
    assert {name.rpartition(".")[0] for name in stored} == {
        "head",
        "blocks.15.expand",
        "blocks.15.depthwise",
        "blocks.15.project",
    }
    for name, tensor in stored.items():
        parameters[name].copy_(torch.from_numpy(tensor))
    return network


def test_what_hears_is_not_tuned() -> None:
    options = TrainOptions(streams=("frames", "audio"), tune_encoder=1)
    clips = training_set(example("a.mp4", clip=("walk",)), labels=("walk",))
    with pytest.raises(UsageError, match=r"--tune-encoder: .* encoder of pictures, which audio does not use"):
        refuse_untunable(clips, options, FeatureConfig(), None)


def test_published_encoders_alone_are_tuned() -> None:
    clips = training_set(example("a.mp4", clip=("walk",)), labels=("walk",))
    tuned = FinetunedWeights(blocks=1, published_sha256="0" * 64, sha256="1" * 64, tensors={})
    with pytest.raises(UsageError, match=r"--tune-encoder: .* tuned before"):
        refuse_untunable(clips, TrainOptions(tune_encoder=1), FeatureConfig(tuned=tuned), None)
    file = NetworkFile(
        path=Path("my.onnx"),
        sha256="2" * 64,
        feature_size=3,
        short_side=32,
        scaling=PUBLISHED_SCALING,
        interface=NetworkInterface(format="onnx"),
    )
    with pytest.raises(UsageError, match=r"--tune-encoder: tunes published encoders, and my\.onnx is a file"):
        refuse_untunable(clips, TrainOptions(tune_encoder=1), FeatureConfig(file=file), None)


def test_an_encoder_that_falls_apart_is_refused(tensors: TrainingTensors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune_module, "ENCODER_RATE", 1e30)
    with pytest.raises(UsageError, match="give a smaller one"):
        tuned_digest(*tensors)


def test_tuning_lowers_the_loss_and_is_the_same_again(made: Path, again: Trained) -> None:
    history = vidlabel.load_model(made).spec.training["history"]
    assert isinstance(history, dict)
    losses = history["encoder"]["loss"]
    assert len(losses) == 6
    assert losses[-1] < 0.9 * losses[0]
    assert again.model.path.read_bytes() == made.read_bytes()


def test_what_predict_says_follows_from_the_tensors_in_the_file(made: Path, folder: Path) -> None:
    model = vidlabel.load_model(made)
    network = network_of(made)
    with open_samples(folder / "3.mp4", SampleRequest(rate=RATE, short_side=SIDE)) as samples:
        squares = np.stack([view_picture(sample.rgb, "centre") for sample in samples])
    features = plainly(network, squares).numpy().astype(np.float32)
    published = plainly(load_network(NAME).requires_grad_(False), squares).numpy()
    assert np.abs(features - published).max() > 0.01
    config = FeatureConfig(rate=RATE, short_side=SIDE)
    training_set = read_examples(folder / "labels.csv", LabelOptions())
    options = FeatureOptions(config=config, streams=("frames",), cache=folder / "cache")
    by_init, _ = extract_features(training_set, options, model, SilentTrainListener())
    assert by_init.streams == model.spec.streams
    np.testing.assert_allclose(by_init.features[3].views[0], features, atol=5e-3)  # the cache keeps half precision
    scorer = make_scorer(model)
    expected = np.concatenate([scorer.push(features), scorer.finish()])
    found = vidlabel.predict(folder / "3.mp4", model=made, scores=True)
    np.testing.assert_allclose(found.scores[0].values, expected, atol=1e-4)


def changed(tensors: TrainingTensors, clip: int) -> TrainingTensors:
    """The same with noise in place of one clip, in features and pictures."""
    dataset, kept = tensors
    generator = np.random.default_rng(0)
    features, pictures = list(dataset.features), list(kept)
    noise = tuple(generator.normal(size=view.shape).astype(np.float32) for view in features[clip].views)
    features[clip] = replace(features[clip], views=noise)
    values = tuple(tuple(generator.permuted(one) for one in view) for view in kept[clip].values)
    pictures[clip] = replace(kept[clip], values=values)
    return replace(dataset, features=tuple(features)), pictures


def test_groups_held_out_are_never_seen(tensors: TrainingTensors) -> None:
    (fold,) = held_out_part(tensors[0], OPTIONS)
    groups = [example.group for example in tensors[0].training_set.examples]
    assert not {groups[clip] for clip in fold.train_indices} & {groups[clip] for clip in fold.test_indices}
    quick = replace(OPTIONS, epochs=2)
    before = tuned_digest(*tensors, quick)
    for clip in fold.test_indices:
        assert tuned_digest(*changed(tensors, clip), quick) == before
    assert tuned_digest(*changed(tensors, fold.train_indices[0]), quick) != before


def test_figures_are_those_of_the_groups_held_out(again: Trained, tensors: TrainingTensors) -> None:
    (fold,) = held_out_part(tensors[0], OPTIONS)
    validation = again.fitted.validation
    assert validation is not None
    assert (validation.folds, validation.clips) == (1, fold.test_indices)
    metrics = again.model.spec.metrics["validation"]
    assert isinstance(metrics, dict)
    assert str(metrics["split"]).startswith(f"{len(fold.test_indices)} clips of groups held out")


@pytest.mark.slow
def test_a_fold_of_an_evaluation_is_tuned_without_its_test_part(folder: Path, tmp_path: Path) -> None:
    """The clips of the test part are other videos the second time."""

    def digest(folder: Path) -> str:
        asked = request(folder, tmp_path / "none", replace(OPTIONS, epochs=2))
        dataset, _ = extract_features(asked.training_set, asked.features, None, SilentTrainListener())
        tuning = EncoderTuning(dataset, asked.features, asked.options, SilentTrainListener())
        return tuning.tuned_on((0, 1, 2, 3, 4, 5), None).tuning.weights.sha256

    copy: Callable[[Path], Path] = lambda path: Path(tmp_path, path.name)  # noqa: E731
    for path in folder.glob("*.*"):
        copy(path).write_bytes(path.read_bytes())
    for number in (6, 7):
        write_video(tmp_path / f"{number}.mp4", Recipe(frames=FRAMES, rate=Fraction(10)), range(100, 100 + FRAMES))
    assert digest(tmp_path) == digest(folder)


@pytest.mark.parametrize("run", ["encoder", "validating"])
def test_an_interrupted_tuning_goes_on_to_the_same_model(folder: Path, made: Path, tmp_path: Path, run: str) -> None:
    output = tmp_path / "m.safetensors"
    stop = StopsAfter("encoder", 3) if run == "encoder" else StopsAfter("fold-0-recurrent-0", 2)
    with pytest.raises(KeyboardInterrupt):
        run_training(request(folder, output), stop)
    assert not output.exists()
    progress = StopsAfter("encoder", 1 + (3 if run == "encoder" else 0))  # must not come to so many epochs again
    run_training(replace(request(folder, output), resume=True), progress)
    assert output.read_bytes() == made.read_bytes()
    assert not list(tmp_path.glob("*.training"))


def test_labels_with_times_and_too_few_groups(folder: Path, tmp_path: Path) -> None:
    rows = "".join(f"{folder}/{number}.mp4,0.2,0.9,{('low', 'high')[number % 2]}\n" for number in range(2))
    (tmp_path / "labels.csv").write_text(f"video,start,end,label\n{rows}")
    asked = request(
        folder, tmp_path / "m.safetensors", replace(OPTIONS, epochs=2, head=None, hidden=4, members=1, streams=None)
    )
    training_set = read_examples(tmp_path / "labels.csv", LabelOptions())
    features = replace(asked.features, streams=("frames", "motion"))
    trained = run_training(replace(asked, training_set=training_set, features=features), SilentTrainListener())
    assert trained.fitted.validation is None
    assert len(trained.model.spec.tuned_encoders) == 1
    assert trained.model.spec.stream_names == ("frames", "motion")
