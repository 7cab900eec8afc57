"""Made-up features with something to learn in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidlabel.heads.spec import Task
from vidlabel.stream_spec import EncoderInfo, PicturePreprocessing, StreamSpec
from vidlabel.training.dataset.examples import Example, Span, TrainingSet, Unlabelled
from vidlabel.training.dataset.feature_dataset import ExampleFeatures, FeatureDataset, FeatureFacts

RATE = 4.0
WIDTH = 6
FACTS = FeatureFacts(rate=RATE)
ENCODER = EncoderInfo(name="efficientnet-lite0", sha256="ab" * 32)
PICTURES = PicturePreprocessing(short_side=64, view="centre", mean=127.0, scale=128.0, resize_filter="bicubic")
Values = npt.NDArray[np.float32]


def clip(
    values: Values, *labels: str, spans: tuple[Span, ...] = (), number: int = 0
) -> tuple[Example, ExampleFeatures]:
    """An example with its features; four clips make a group."""
    times = np.arange(len(values)) / RATE
    example = Example(f"{number}.mp4", Path(f"{number}.mp4"), f"g{number // 4}", len(values) / RATE, labels, spans)
    return example, ExampleFeatures(times, (values,), "decord", len(values) / RATE)


def feature_dataset(
    clips: Sequence[tuple[Example, ExampleFeatures]],
    labels: tuple[str, ...],
    task: Task = "single",
    background: int | None = None,
    unlabelled: Unlabelled | None = None,
    streams: tuple[str, ...] = ("frames",),
) -> FeatureDataset:
    """These clips as a training set; its streams have as many numbers each."""
    training_set = TrainingSet(tuple(example for example, _ in clips), labels, task, background, unlabelled)
    size = clips[0][1].views[0].shape[1] // len(streams)
    described = tuple(picture_stream(name, size) for name in streams)
    return FeatureDataset(training_set, tuple(features for _, features in clips), described)


def picture_stream(name: str, size: int) -> StreamSpec:
    """A stream of pictures, of an encoder that nobody has."""
    pictures = replace(PICTURES, lag_s=0.1 if name == "motion" else None)
    return StreamSpec(name=name, size=size, encoder=ENCODER, pictures=pictures)


def bump(steps: int, place: float) -> Values:
    """A rise and fall around a place between 0 and 1."""
    times = np.linspace(0, 1, steps)
    return np.exp(-(((times - place) / 0.07) ** 2)).astype(np.float32)


def order_clips(count: int, seed: int = 0) -> list[tuple[Example, ExampleFeatures]]:
    """Two things happen in each clip, at any time: the label says which came first. Their means tell nothing."""
    generator = np.random.default_rng(seed)
    clips = []
    for number in range(count):
        steps = int(generator.integers(20, 40))
        first, second = sorted(generator.uniform(0.1, 0.9, 2))
        if second - first < 0.2:
            first, second = (first * 0.5, 0.5 + second * 0.5)
        values = generator.normal(0, 0.1, (steps, WIDTH)).astype(np.float32)
        red_first = bool(number % 2)
        values[:, 0] += bump(steps, first if red_first else second)
        values[:, 1] += bump(steps, second if red_first else first)
        clips.append(clip(values, "red first" if red_first else "blue first", number=number))
    return clips


def coloured_clips(
    count: int, labels: Sequence[str] = ("blue", "red"), seed: int = 0
) -> list[tuple[Example, ExampleFeatures]]:
    """Clips of which a mean over time tells the label: number `place` of the features is high."""
    generator = np.random.default_rng(seed)
    clips = []
    for number in range(count):
        place = number % len(labels)
        values = generator.normal(0, 0.3, (int(generator.integers(12, 20)), WIDTH)).astype(np.float32)
        values[:, place] += 1
        clips.append(clip(values, labels[place], number=number))
    return clips


def timed_videos(count: int, seed: int = 0) -> list[tuple[Example, ExampleFeatures]]:
    """Videos in which `red` holds for some seconds now and then."""
    generator = np.random.default_rng(seed)
    videos = []
    for number in range(count):
        values = generator.normal(0, 0.3, (160, WIDTH)).astype(np.float32)
        spans = []
        for start in (20 + int(generator.integers(0, 20)), 90 + int(generator.integers(0, 20))):
            length = int(generator.integers(12, 24))
            values[start : start + length, 0] += 1.5
            spans.append(Span(start / RATE, (start + length) / RATE, "red"))
        videos.append(clip(values, spans=tuple(spans), number=number * 4))
    return videos
