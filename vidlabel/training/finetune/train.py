"""Tuning the last blocks of the encoder to the labels, end to end with a head.

First the head learns from the features of the published encoder; then both go on together, the encoder by small steps.
A head with random weights would spoil features that are good (Kumar et al., "Fine-tuning can distort pretrained
features", ICLR 2022, arXiv 2202.10054).

One part of the groups is held out: the encoder never sees it, and calibration, choices and figures come from it alone.

B windows, W steps, K pictures of a window, S streams, D numbers in a feature of one stream, P inputs of the head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.trainable_tail import Activations, EncoderTail
from vidlabel.features.streams.pictures import PictureStream
from vidlabel.features.streams.registry import find_stream
from vidlabel.heads.model import Model
from vidlabel.heads.recurrent import Head, one_thread
from vidlabel.training.dataset.examples import TrainingSet
from vidlabel.training.dataset.feature_dataset import FeatureDataset, FeatureFacts, first_view, is_whole, subset
from vidlabel.training.dataset.splits import Fold
from vidlabel.training.feature_options import FeatureOptions
from vidlabel.training.features import VIEWS, FeatureListener, extract_features
from vidlabel.training.finetune.activations import KeptPictures, PictureKeeper
from vidlabel.training.fitting.checkpoint import Checkpoints
from vidlabel.training.fitting.epochs import EpochFigures, EpochProgress, EpochTrainer
from vidlabel.training.fitting.head_trainer import (
    HeadTask,
    LossMean,
    disturbed,
    make_head_task,
    train_head,
    window_loss,
)
from vidlabel.training.fitting.inner_cv import Tuning, inner_folds
from vidlabel.training.fitting.plans import TaskShape, label_plans
from vidlabel.training.fitting.seeded_runs import FitListener, TrainingRuns
from vidlabel.training.fitting.tensors import PackedClips, fill_first_motion, learn_whitening, make_training_tensors
from vidlabel.training.fitting.whitening import StreamWhitening
from vidlabel.training.fitting.windows import Batch, choose_window, timed_windows
from vidlabel.training.options import TrainOptions


class TuningListener(FeatureListener, FitListener, Protocol):
    """Receives the progress of fine-tuning an encoder."""

    def feature_pass_begun(self, stage: str, videos: int) -> None:
        """Another pass over this many videos begins: `keeping pictures`, `encoding anew`."""


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """All that heads learn from, by the tuned encoder."""

    dataset: FeatureDataset
    facts: FeatureFacts
    tuning: Tuning


class EncoderTuning:
    """Tunes the encoder on the clips of a training set, or on parts of it; they are decoded for it once.

    Args:
        dataset: the clips, with features of the published encoder.
        features: how these were made.
        options: how to train; `tune_encoder` is set.
        listener: receives progress.

    Raises:
        VideoError: a video cannot be decoded any more.
        InstallationError: the encoder's weights are missing or damaged.
    """

    def __init__(
        self, dataset: FeatureDataset, features: FeatureOptions, options: TrainOptions, listener: TuningListener
    ) -> None:
        self._dataset = dataset
        self._features = features
        self._options = options
        self._listener = listener
        tail = self._tail()
        listener.feature_pass_begun("keeping pictures", len(dataset.features))
        keeper = PictureKeeper(features.config, dataset.stream_names, VIEWS[:1], tail)
        self._kept: list[KeptPictures] = keeper.keep(dataset, listener)
        tail.close()

    def tuned_on(self, clips: range | tuple[int, ...], checkpoints: Checkpoints | None) -> Tuned:
        """Tune on some of the clips, and encode all of them anew.

        Args:
            clips: whose groups the encoder may see, but for those held out among them.
            checkpoints: of the tuning.

        Returns:
            All clips, in their order; the splits of `tuning` count among `clips`.
        """
        tail = self._tail()
        learnt, kept = subset(self._dataset, clips), [self._kept[clip] for clip in clips]
        tuning = tune(learnt, kept, tail, self._features.config.rate, self._options, self._listener, checkpoints)
        tail.close()
        config = replace(self._features.config, tuned=tuning.weights)
        self._listener.feature_pass_begun("encoding anew", len(self._dataset.features))
        features = replace(self._features, config=config)
        dataset, facts = extract_features(self._dataset.training_set, features, None, self._listener)
        if len(dataset.features) != len(self._dataset.features):
            problem = "a video that was decoded before cannot be decoded any more"
            raise UsageError("--tune-encoder", problem, "leave it out of the table")
        return Tuned(dataset, facts, tuning)

    def _tail(self) -> EncoderTail:
        return EncoderTail(self._features.config.encoder, self._options.tune_encoder or 0)


def refuse_untunable(
    training_set: TrainingSet, options: TrainOptions, config: FeatureConfig, init: Model | None
) -> None:
    """Refuse to fine-tune where the encoder is missing or unknown, or a stream has another one.

    Raises:
        UsageError: it cannot be done.
    """
    if options.tune_encoder is None:
        return
    if training_set.features is not None:
        problem = "features were made by an encoder that is not there"
        raise UsageError("--tune-encoder", problem, "give videos in place of files of features")
    others = [name for name in options.streams or () if find_stream(name).encoder_kind != PictureStream.encoder_kind]
    if others:
        problem = f"tunes the encoder of pictures, which {', '.join(others)} does not use"
        raise UsageError("--tune-encoder", problem, "give --streams frames, motion, or both")
    if config.file is not None:
        problem = f"tunes published encoders, and {config.file.name} is a file"
        raise UsageError("--tune-encoder", problem, "leave it or --encoder out")
    if config.tuned is not None:
        problem = "starts from a published encoder, and that of --encoder was tuned before"
        raise UsageError("--tune-encoder", problem, "name a published encoder")
    if init is not None:
        problem = "starts from the published encoder, and the heads of --init were taught by another"
        raise UsageError("--tune-encoder", problem, "leave --init or --tune-encoder out")


EPOCHS = 8
UPDATES = 60
"""At least; few clips are gone through more often."""
PICTURES = 8
"""Pictures of a window that the encoder sees; features between them are interpolated."""
ENCODER_RATE = 0.2
"""Learning rate of a tensor of the encoder, as a share of that of heads times the root mean square of its numbers. With
batch normalisation folded these differ by a factor of 400 between tensors: no one step fits all."""
HEAD_RATE = 0.05
"""Learning rate of the head, as a share of that of heads: it has learnt already."""
LEAST_DEVIATION = 0.1
"""Of the whitening on top of the encoder, a share of the deviation of all numbers. A number that hardly ever changes in
published features may change when the encoder is tuned; magnified a thousand times, it was seen to drive the loss of
small sets up instead of down."""
_HEAD = "head-on-top."


def held_out_part(dataset: FeatureDataset, options: TrainOptions) -> list[Fold]:
    """The first fold of the inner cross-validation, or none where that has none."""
    return inner_folds(dataset.training_set.examples, options)[:1]


def tune(
    dataset: FeatureDataset,
    kept: Sequence[KeptPictures],
    tail: EncoderTail,
    rate: float,
    options: TrainOptions,
    listener: FitListener,
    checkpoints: Checkpoints | None,
) -> Tuning:
    """Tune the encoder on all clips but those of the groups that are held out.

    Args:
        dataset: the clips, with features of the published encoder.
        kept: their pictures, before the tail.
        tail: of the published encoder; afterwards it is the tuned one.
        rate: samples per second.
        options: how to train.
        listener: receives progress.
        checkpoints: keeps the state, and goes on from one that is there.

    Raises:
        OutputError: a state cannot be kept.
        KeyboardInterrupt: it was ended; what was done is kept.
    """
    held_out = held_out_part(dataset, options)
    learnt = held_out[0].train_indices if held_out else range(len(kept))
    # Mirrored pictures would spoil labels that tell left from right, and nothing is validated yet.
    seen, pictures = subset(first_view(fill_first_motion(dataset)), learnt), [kept[clip] for clip in learnt]
    with one_thread(), torch.random.fork_rng(devices=[]):
        runs = TrainingRuns(options.seed, listener, checkpoints)
        head_task, head, whitening = _learn_head(seen, rate, options, runs)
        head_task = replace(head_task, plan=replace(head_task.plan, epochs=_epochs(options, head_task)))
        listener.begun("tuning the encoder", 1, head_task.plan.epochs)
        trainer = runs.run(
            "encoder",
            lambda found: EncoderTrainer(head_task, head, whitening, pictures, tail, found),
            head_task.plan.epochs,
        )
    return Tuning(trainer.finished_weights(), held_out, {"encoder": trainer.progress.history})


def _learn_head(
    seen: FeatureDataset, rate: float, options: TrainOptions, runs: TrainingRuns
) -> tuple[HeadTask, Head, StreamWhitening]:
    """A head on the published features, and the task that continues from there."""
    whitening = learn_whitening(seen, LEAST_DEVIATION)
    tensors = make_training_tensors(seen, whitening)
    window = choose_window(seen, rate)
    windows = tensors.bank.clips
    if not tensors.whole:
        windows = timed_windows(int(tensors.bank.lengths.sum()), windows, window.samples)
    updates = -(-windows // options.batch_size)
    shape = TaskShape(whitening.inputs_size, tensors.classes, is_whole(seen), updates)
    plan = label_plans(options, shape)[0]
    runs.listener.begun("preparing to tune", 1, plan.epochs)
    head_task = make_head_task(plan, tensors, options, window)
    head = train_head(runs, "encoder-head", head_task, plan.build).finished_head()
    addressed = replace(tensors, bank=_addresses(tensors.bank))
    return make_head_task(plan, addressed, options, window), head, whitening.joined


def _addresses(bank: PackedClips) -> PackedClips:
    """The same clips, where the values of a sample give its place: (view, clip, sample of the clip)."""
    views, samples, _ = bank.values.shape
    clips = torch.repeat_interleave(torch.arange(bank.clips), bank.lengths)
    places = torch.arange(samples) - bank.starts[clips]
    values = [torch.stack([torch.full_like(clips, view), clips, places], dim=1) for view in range(views)]
    return PackedClips(torch.stack(values).float(), bank.starts, bank.lengths)


def _epochs(options: TrainOptions, head_task: HeadTask) -> int:
    return options.epochs or max(EPOCHS, -(-UPDATES // head_task.windows.updates))


class EncoderTrainer(EpochTrainer):
    """Trains the tail of an encoder and a head on top of it.

    Args:
        head_task: windows of addresses, see `_addresses`, with their targets.
        head: that has learnt from the published features.
        whitening: from features to its inputs.
        pictures: of each clip.
        tail: of the encoder.
        resumed: where an earlier run of the same stood.
    """

    def __init__(
        self,
        head_task: HeadTask,
        head: Head,
        whitening: StreamWhitening,
        pictures: Sequence[KeptPictures],
        tail: EncoderTail,
        resumed: EpochProgress | None,
    ) -> None:
        self._head_task = head_task
        self._head = head
        self._whitening = whitening
        self._pictures = pictures
        self._tail = tail
        own = {f"{_HEAD}{name}": parameter for name, parameter in head.named_parameters()}
        size = {name: float(tensor.detach().square().mean().sqrt()) for name, tensor in tail.parameters.items()}
        rates = {name: ENCODER_RATE * head_task.learning_rate * own_size for name, own_size in size.items()}
        rates |= dict.fromkeys(own, HEAD_RATE * head_task.learning_rate)
        super().__init__({**tail.parameters, **own}, rates, head_task.plan.epochs, resumed)

    def finished_weights(self) -> FinetunedWeights:
        """The encoder after its last epochs."""
        parameters = self.finished_parameters()
        return self._tail.tuned({name: parameters[name] for name in self._tail.parameters})

    def _train_epoch(self, epoch: int) -> EpochFigures:
        self._head.train()
        losses, tally = [], LossMean()
        updates = self._head_task.windows.updates
        for number, batch in enumerate(self._head_task.windows.batches()):
            self._set_learning_rate(epoch * updates + number, updates * self._head_task.plan.epochs)
            losses.append(self._update(batch, tally))
            if not math.isfinite(losses[-1]):
                raise UsageError("--learning-rate", "is so large that the encoder fell apart", "give a smaller one")
        return EpochFigures(sum(losses) / len(losses), tally.share)

    def _update(self, batch: Batch, tally: LossMean) -> float:
        """One step; the loss before it."""
        windows = [self._window(addresses) for addresses in batch.inputs]
        pieces = [piece for window in windows for piece in window.pieces]
        features = [own.requires_grad_(True) for own in self._tail.features(pieces)]
        streams = len(pieces) // len(windows)
        inputs = [
            self._whitening.inputs(window.shares @ torch.cat(features[place * streams : (place + 1) * streams], dim=1))
            for place, window in enumerate(windows)
        ]
        shown = disturbed(replace(batch, inputs=torch.stack(inputs)), self._head_task)
        loss = window_loss(self._head_task, self._head, shown, tally)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        outputs = [torch.zeros_like(own) if own.grad is None else own.grad for own in features]
        for parameter, gradient in zip(
            self._tail.parameters.values(), self._tail.gradients(pieces, outputs), strict=True
        ):
            parameter.grad = gradient
        self._step()
        return loss.item()

    def _window(self, addresses: Tensor) -> _Window:
        """The pictures that stand for a window: those nearest to evenly spaced places in it.

        Args:
            addresses: (W, 3).
        """
        view, clip = (int(number) for number in addresses[0, :2].round())
        places = addresses[:, 2].double().numpy()
        kept = self._pictures[clip]
        wanted = np.linspace(places.min(), places.max(), PICTURES)
        chosen = np.unique(np.abs(kept.samples - wanted[:, None]).argmin(axis=1))
        shares = [np.interp(places, kept.samples[chosen], row) for row in np.eye(len(chosen))]
        return _Window(
            tuple(stream[chosen] for stream in kept.values[view]), torch.from_numpy(np.stack(shares, axis=1)).float()
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """What the encoder sees of a window."""

    pieces: tuple[Activations, ...]
    """K pictures for each of S streams."""
    shares: Tensor
    """(W, K) by which the features of each step are interpolated."""
