"""Small models for the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from vidlabel.features.encoders.weights import PUBLISHED
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.model import Model, Projection, save_model
from vidlabel.heads.recurrent import as_numpy, build_head
from vidlabel.heads.spec import ModelSpec
from vidlabel.stream_spec import EncoderInfo, PicturePreprocessing, StreamSpec

FEATURE_SIZE = 6
ENCODER = EncoderInfo(name="efficientnet-lite0", sha256="0123456789abcdef" * 4)
PUBLISHED_ENCODER = EncoderInfo(name="efficientnet-lite0", sha256=PUBLISHED["efficientnet-lite0"].sha256)
PICTURES = PicturePreprocessing(short_side=224, view="centre", mean=127.0, scale=128.0, resize_filter="area")


def stream(
    name: str = "frames", size: int = FEATURE_SIZE, encoder: EncoderInfo = ENCODER, **pictures: object
) -> StreamSpec:
    """A stream of pictures, of an encoder that nobody has."""
    seen = replace(PICTURES, **pictures)  # type: ignore[arg-type]
    return StreamSpec(name=name, size=size, encoder=encoder, pictures=seen)


def published_stream(
    name: str = "frames", size: int = 1280, encoder: EncoderInfo = PUBLISHED_ENCODER, **pictures: object
) -> StreamSpec:
    """A stream that can be computed from videos."""
    return stream(name, size, encoder, **{"resize_filter": "bicubic", **pictures})


def external_stream(size: int = FEATURE_SIZE) -> StreamSpec:
    """Features that were made elsewhere."""
    return StreamSpec(name="features", size=size, encoder=None)


def step_spec() -> ModelSpec:
    """A GRU that carries its state: 3 labels, one at a time."""
    labels = ("walk", "fall", "nothing")
    return ModelSpec(
        name="steps",
        labels=labels,
        task="single",
        members=(
            MemberSpec(head=HeadConfig(kind="gru", input_size=FEATURE_SIZE, hidden_size=4, outputs=3), temperature=1.7),
        ),
        streams=(stream(),),
        decoder="pyav",
        rate=4.0,
        thresholds=(0.5, 0.25, 0.0),
        minimum_durations_s=(0.0, 1.5, 0.5),
        licence="Apache-2.0",
        created="2026-01-31",
        background=2,
        metrics={"accuracy": {"value": 0.91, "split": "by group"}},
    )


def video_spec(*streams: StreamSpec) -> ModelSpec:
    """As `step_spec`, of streams that can be computed from videos; `frames` of 48 pixels if none are given."""
    streams = streams or (published_stream(short_side=48),)
    head = HeadConfig(kind="gru", input_size=sum(one.size for one in streams), hidden_size=2, outputs=3)
    return replace(step_spec(), members=(MemberSpec(head=head),), streams=streams)


def window_spec() -> ModelSpec:
    """A bidirectional LSTM with a score for each sample, run in windows of 9 samples."""
    head = HeadConfig(kind="lstm", input_size=FEATURE_SIZE, hidden_size=3, outputs=3, bidirectional=True)
    return replace(step_spec(), name="windows", members=(MemberSpec(head=head),), window_s=2.25)


def pooled_spec() -> ModelSpec:
    """A bidirectional GRU on projected features of two streams, pooled in 2 parts: 2 labels that may overlap."""
    head = HeadConfig(kind="gru", input_size=3, hidden_size=4, outputs=4, bidirectional=True)
    return replace(
        step_spec(),
        name="pooled",
        labels=("fight", "shout"),
        task="multi",
        members=(MemberSpec(head=head, pooled_parts=2, temperature=1.7),),
        streams=(stream(size=FEATURE_SIZE // 2), stream("motion", FEATURE_SIZE // 2, lag_s=0.1)),
        thresholds=(0.5, 0.6),
        minimum_durations_s=(0.0, 0.0),
        background=None,
        projected_sizes=(2, 1),
        window_s=2.0,
    )


def mixed_spec() -> ModelSpec:
    """As training makes them of whole clips: heads of several kinds, resampled, and two that know background."""
    gru = HeadConfig(kind="gru", input_size=4, hidden_size=3, outputs=6, bidirectional=True)
    mean = HeadConfig(kind="mean", input_size=4, hidden_size=4, outputs=6)
    knowing = replace(gru, outputs=9)
    return replace(
        pooled_spec(),
        name="mixed",
        labels=("hug", "push", "background"),
        task="single",
        members=(
            MemberSpec(head=gru, pooled_parts=3, resampled_steps=7, temperature=0.6, weight=0.5),
            MemberSpec(head=mean, pooled_parts=3, resampled_steps=7, temperature=1.4, weight=0.5),
            MemberSpec(head=knowing, pooled_parts=3, resampled_steps=12, role="background", weight=0.25),
            MemberSpec(head=knowing, pooled_parts=3, role="background", weight=0.75, temperature=2.0),
        ),
        projected_sizes=(3, 1),
        thresholds=(0.4, 0.4, 0.0),
        minimum_durations_s=(1.0, 1.0, 0.0),
        background=2,
    )


def save_example(spec: ModelSpec, path: Path, seed: int = 0) -> Model:
    """Write a model with random numbers."""
    generator = torch.Generator().manual_seed(seed)
    heads = [build_head(member.head) for member in spec.members]
    for parameter in (parameter for head in heads for parameter in head.parameters()):
        parameter.data = torch.empty_like(parameter).uniform_(-1, 1, generator=generator)
    return save_model(spec, [as_numpy(head) for head in heads], random_projections(spec, generator), path)


def random_projections(spec: ModelSpec, generator: torch.Generator) -> list[Projection]:
    """One for each stream of a model that projects them."""
    sizes = zip(spec.streams, spec.projected_sizes or (), strict=False)
    return [
        Projection(
            torch.rand(stream.size, generator=generator).numpy(),
            torch.randn(size, stream.size, generator=generator).numpy(),
        )
        for stream, size in sizes
    ]
