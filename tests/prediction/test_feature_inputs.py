"""What a model takes of files of features: refused where they were made in another way than the model file says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.origins import ORIGIN, SETTINGS, write_feature_file
from heads.example_specs import PUBLISHED_ENCODER, external_stream, published_stream, step_spec
from vidlabel.errors import InputError
from vidlabel.heads.spec import ModelSpec
from vidlabel.prediction.feature_inputs import read_for_model
from vidlabel.stream_spec import EncoderInfo, StreamSpec, TensorInfo, TunedEncoder

SPEC = replace(step_spec(), streams=(published_stream(size=6),))
"""Takes 6 numbers of `frames` of the published encoder at 4 samples a second."""
MOTION = published_stream("motion", 6, lag_s=0.1)
OF_MOTION = replace(SPEC, streams=(MOTION,))
ELSEWHERE = replace(SPEC, streams=(external_stream(6),))
OWN = replace(SETTINGS, streams=(*SPEC.streams, MOTION))
TIMES = np.arange(12) / 4
VALUES = np.random.default_rng(0).normal(size=(12, 12)).astype(np.float32)


def written(path: Path, *streams: StreamSpec) -> Path:
    """A file of the columns that these streams need."""
    size = sum(stream.size for stream in streams)
    origin = replace(ORIGIN, settings=replace(OWN, streams=streams))
    write_feature_file(path, "npz", TIMES, VALUES[:, :size], origin)
    return path


def test_the_streams_of_the_model_are_taken_out_of_a_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz", *OWN.streams)
    found = read_for_model(SPEC, path)
    assert found.values.tolist() == VALUES[:, :6].tolist()
    assert read_for_model(OF_MOTION, path).values.tolist() == VALUES[:, 6:].tolist()
    turned = replace(SPEC, streams=(MOTION, *SPEC.streams), projected_sizes=(2, 4))
    turned_values = np.concatenate([VALUES[:, 6:], VALUES[:, :6]], axis=1)
    assert read_for_model(turned, path).values.tolist() == turned_values.tolist()
    halved = read_for_model(SPEC, path, rate=2.0)
    assert halved.values.tolist() == VALUES[::2, :6].tolist()


OTHER = EncoderInfo(name="efficientnet-lite0", sha256="cd" * 32)


@pytest.mark.parametrize(
    ("held", "problem"),
    [
        (
            published_stream(size=6, encoder=OTHER),
            r"frames of the encoder efficientnet-lite0 \(cdcdcdcd\), and steps takes it of the encoder "
            r"efficientnet-lite0 \(57934424\)",
        ),
        (
            published_stream(size=6, short_side=112),
            "frames of the centre of 112 pixels, and steps takes the centre of 224 pixels",
        ),
        (published_stream(size=6, view="whole"), "frames of the whole of 224 pixels"),
        (
            published_stream(size=6, mean=0.0, scale=255.0),
            r"frames of pictures scaled otherwise \(bicubic, \(value - 0\) / 255\), and steps takes bicubic, \(value -",
        ),
        (published_stream(size=6, resize_filter="area"), r"frames of pictures scaled otherwise \(area"),
        (replace(published_stream(size=6), pictures=None), "frames that was made of other pictures"),
        (published_stream(size=5), "frames of 5 numbers a sample, and steps takes 6"),
        (replace(external_stream(6), name="frames"), r"frames of an unknown encoder, and steps takes it of the enc"),
    ],
)
def test_features_that_were_made_in_another_way_are_refused(tmp_path: Path, held: StreamSpec, problem: str) -> None:
    path = written(tmp_path / "a.npz", held)
    with pytest.raises(InputError, match=rf"a\.npz: holds {problem}.*; give files of the features"):
        read_for_model(SPEC, path)


def test_a_file_may_lack_a_stream_that_the_model_can_do_without(tmp_path: Path) -> None:
    late = [replace(SPEC.members[0], streams=(stream.name,)) for stream in OWN.streams]
    both = replace(SPEC, streams=OWN.streams, members=tuple(late))
    path = written(tmp_path / "a.npz", MOTION)
    found = read_for_model(both, path)
    assert found.kind.streams == (MOTION,)
    assert found.values.tolist() == VALUES[:, :6].tolist()
    early = replace(SPEC, streams=OWN.streams, projected_sizes=(2, 4))
    problem = "holds no frames, without which steps cannot score it; make them with --streams frames,motion --rate 4"
    with pytest.raises(InputError, match=problem):
        read_for_model(early, path)


def test_each_stream_counts_by_itself(tmp_path: Path) -> None:
    """One of another encoder is refused, wherever it stands, and only by models that take it."""
    path = written(tmp_path / "a.npz", *SPEC.streams, published_stream("motion", 6, OTHER, lag_s=0.1))
    assert read_for_model(SPEC, path).values.tolist() == VALUES[:, :6].tolist()
    with pytest.raises(InputError, match=r"holds motion of the encoder efficientnet-lite0 \(cdcdcdcd\)"):
        read_for_model(OF_MOTION, path)


def test_motion_over_another_time_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz", published_stream("motion", 6, lag_s=0.5))
    with pytest.raises(InputError, match=r"holds motion over 0\.5 s, and steps takes 0\.1 s"):
        read_for_model(OF_MOTION, path)


@pytest.mark.parametrize("spec", [SPEC, ELSEWHERE])
def test_features_from_elsewhere_need_the_right_width(tmp_path: Path, spec: ModelSpec) -> None:
    np.savez(tmp_path / "a.npz", features=VALUES[:, :6], times=TIMES)
    assert read_for_model(spec, tmp_path / "a.npz").values.tolist() == VALUES[:, :6].tolist()
    np.savez(tmp_path / "b.npz", features=VALUES, times=TIMES)
    with pytest.raises(InputError, match=r"b\.npz: holds 12 numbers a sample, and steps takes 6"):
        read_for_model(spec, tmp_path / "b.npz")


def test_a_stream_is_taken_out_whatever_its_size(tmp_path: Path) -> None:
    path = written(tmp_path / "a.npz", *SPEC.streams, published_stream("motion", 3, lag_s=0.1))
    assert read_for_model(SPEC, path).values.tolist() == VALUES[:, :6].tolist()
    with pytest.raises(InputError, match="holds motion of 3 numbers a sample, and steps takes 6"):
        read_for_model(OF_MOTION, path)


def test_tuned_weights_are_known_by_their_digest(tmp_path: Path) -> None:
    tensors = (TensorInfo(name="head.bias", shape=(5,)),)
    tuned = replace(PUBLISHED_ENCODER, tuned=TunedEncoder(blocks=1, sha256="ef" * 32, tensors=tensors))
    taken = published_stream(size=6, encoder=tuned)
    path = written(tmp_path / "a.npz", taken.without_weights())
    assert read_for_model(replace(SPEC, streams=(taken,)), path).values.tolist() == VALUES[:, :6].tolist()
    with pytest.raises(InputError, match=r"of the encoder efficientnet-lite0-tuned \(efefefef\)"):
        read_for_model(SPEC, path)
