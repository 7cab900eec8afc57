"""Videos and files of features that lack streams, through the commands that make and take them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from command_line import call
from corpus import Recipe, write_video
from features.origins import FRAMES, MOTION, ORIGIN, SETTINGS, write_feature_file
from sounds import Clip, write_clip
from vidlabel.features.feature_file import FeatureFile, read_feature_file
from vidlabel.heads.model_file import read_spec
from vidlabel.stream_spec import EncoderInfo, StreamSpec

pytestmark = pytest.mark.usefixtures("in_one_process")

SMALL = ("--rate", "5", "--short-side", "64", "--runtime", "torch")
QUICK = ("--head", "mean", "--epochs", "20", "--inner-folds", "0", "--quiet")
SEEN = StreamSpec(name="seen", size=3, encoder=EncoderInfo(name="eye", sha256="ab" * 32))
HEARD = StreamSpec(name="heard", size=2, encoder=EncoderInfo(name="ear", sha256="cd" * 32))


def names(found: FeatureFile) -> list[str]:
    assert found.origin is not None
    return [stream.name for stream in found.origin.settings.streams]


def test_features_of_a_stream_that_a_video_lacks_are_left_out_with_a_warning(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    silent = write_video(tmp_path / "silent.mp4", Recipe(frames=10))
    heard = write_clip(tmp_path / "heard.mp4", Clip(video_lasts=0.4, sound_lasts=0.4))
    command = ("features", silent, heard, "-o", tmp_path / "out", *SMALL, "--streams", "audio,frames,text")
    with pytest.warns(UserWarning, match=": has no ") as warned:
        assert call(capfd, *command).status == 0
    assert sorted(str(one.message) for one in warned) == [
        f"{heard}: has no subtitles; its features are without the stream text",
        f"{silent}: has no sound; its features are without the stream audio",
        f"{silent}: has no subtitles; its features are without the stream text",
    ]
    found = {path.stem: read_feature_file(tmp_path / "out" / f"{path.name}.npz") for path in (silent, heard)}
    assert {name: names(own) for name, own in found.items()} == {"silent": ["frames"], "heard": ["audio", "frames"]}
    assert [own.values.shape for own in found.values()] == [(2, 1280), (2, 1024 + 1280)]

    call(capfd, "features", silent, "-o", tmp_path / "frames", *SMALL)
    alone = read_feature_file(tmp_path / "frames" / "silent.mp4.npz")
    assert alone.values.tolist() == found["silent"].values.tolist()

    shutil.rmtree(tmp_path / "out" / ".vidlabel")  # the file itself says what was asked for
    assert "0 done, 2 skipped, 0 failed" in call(capfd, *command).errors
    (tmp_path / "silent.srt").write_text("1\n00:00:00,000 --> 00:00:00,300\nHello.\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="silent.mp4: has no sound"):
        assert call(capfd, *command[:2], *command[3:], "--overwrite").status == 0
    assert names(read_feature_file(tmp_path / "out" / "silent.mp4.npz")) == ["frames", "text"]


def test_a_video_without_the_audio_stream_that_is_named(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    heard = write_clip(tmp_path / "heard.mp4", Clip(video_lasts=0.4, sound_lasts=0.4))
    command = ("features", heard, *SMALL, "--audio-stream", "1")
    with pytest.warns(UserWarning, match="has no audio stream 1; its features are without the stream audio"):
        assert call(capfd, *command, "-o", tmp_path / "out", "--streams", "frames,audio").status == 0
    refused = call(capfd, *command, "-o", tmp_path / "none", "--streams", "audio")
    assert refused.status == 1
    assert "heard.mp4: has no audio stream 1, which the stream audio is made of; leave it out" in refused.errors


def write_features(path: Path, number: int, *streams: StreamSpec) -> Path:
    """Features of 3 s; the first number of each stream says whether `number` is odd."""
    parts = [np.random.default_rng(number).normal(0, 0.3, (12, stream.size)) for stream in streams]
    for part in parts:
        part[:, 0] += 4 * (number % 2)
    settings = replace(SETTINGS, streams=streams)
    origin = replace(ORIGIN, settings=settings, duration_s=3.0, decode_errors=0, decoded_ratio=1.0)
    values = np.concatenate(parts, axis=1).astype(np.float32)
    write_feature_file(path, "npz", np.arange(12) / 4, values, origin)
    return path


def write_table(folder: Path, held: list[tuple[StreamSpec, ...]]) -> Path:
    """Clips that hold these streams, and their labels."""
    folder.mkdir()
    rows = ["video,start,end,label,group"]
    for number, streams in enumerate(held):
        write_features(folder / f"{number}.npz", number, *streams)
        rows.append(f"{number}.npz,,,{('even', 'odd')[number % 2]},g{number // 2}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "labels.csv"


def labels(capfd: pytest.CaptureFixture[str], clip: Path, model: Path) -> list[str]:
    ended = call(capfd, "predict", clip, "-m", model, "--threshold", "0", "--quiet")
    assert (ended.status, ended.errors) == (0, "")
    return [segment["label"] for segment in json.loads(ended.output)["segments"]]


@pytest.mark.parametrize("turned", [False, True], ids=["whole first", "whole last"])
def test_files_of_which_some_lack_a_stream_are_learnt_from(
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    turned: bool,
) -> None:
    held = [(SEEN, HEARD), (SEEN, HEARD), (HEARD, SEEN), (SEEN, HEARD), (SEEN,), (SEEN,), (SEEN,), (SEEN,)]
    table = write_table(tmp_path / "clips", held[:: -1 if turned else 1])
    model = tmp_path / "m.safetensors"
    ended = call(capfd, "train", table, "-o", model, *QUICK)
    assert (ended.status, ended.errors) == (0, "")
    assert read_spec(model).stream_names == ("seen", "heard")
    for number, streams in ((10, (SEEN,)), (11, (SEEN,)), (12, (SEEN, HEARD)), (13, (SEEN, HEARD))):
        clip = write_features(tmp_path / f"{number}.npz", number, *streams)
        assert labels(capfd, clip, model) == [("even", "odd")[number % 2]]


def test_a_stream_of_few_files_is_learnt_from_where_it_is_named_alone(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = write_table(tmp_path / "clips", [(SEEN, HEARD)] * 2 + [(SEEN,)] * 4)
    model = tmp_path / "m.safetensors"
    for options, taken in (((), ("seen",)), (("--streams", "seen,heard"), ("seen", "heard"))):
        assert call(capfd, "train", table, "-o", model, *QUICK, *options).status == 0
        assert read_spec(model).stream_names == taken


def test_a_model_goes_on_with_files_that_hold_more(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    model, more = tmp_path / "m.safetensors", tmp_path / "more.safetensors"
    table = write_table(tmp_path / "one", [(SEEN,)] * 4)
    assert call(capfd, "train", table, "-o", model, *QUICK).status == 0
    table = write_table(tmp_path / "two", [(HEARD, SEEN)] * 4)
    ended = call(capfd, "train", table, "--init", model, "-o", more, *QUICK)
    assert (ended.status, ended.errors) == (0, "")
    assert read_spec(more).streams == (SEEN,)
    table = write_table(tmp_path / "other", [(HEARD,)] * 4)
    ended = call(capfd, "train", table, "--init", model, "-o", more, *QUICK)
    assert ended.status == 2
    problem = "these files hold no seen, without which m cannot score it; make them with --streams seen --rate 4"
    assert ended.errors == f"error: --init: {problem}\n"


def test_an_evaluation_names_what_the_models_of_all_folds_look_at(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Each fold trains on the one group that the other one tests: files of one stream alone."""
    table = write_table(tmp_path / "clips", [(SEEN,), (SEEN,), (HEARD,), (HEARD,)])
    ended = call(capfd, "evaluate", table, "--streams", "seen,heard", "--folds", "2", "--json", *QUICK)
    assert ended.status == 0
    model = json.loads(ended.output)["model"]
    assert sorted(model["streams"]) == ["heard", "seen"]
    assert sorted(model["encoder"].split(" + ")) == ["ear", "eye"]


def test_no_streams_are_compared_where_a_model_goes_on(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = write_table(tmp_path / "clips", [(SEEN, HEARD)] * 8)
    model, more = tmp_path / "m.safetensors", tmp_path / "more.safetensors"
    assert call(capfd, "train", table, "-o", model, "--streams", "seen,heard", *QUICK).status == 0
    ended = call(capfd, "train", table, "--init", model, "-o", more, "--epochs", "2", "--inner-folds", "2")
    assert ended.status == 0
    assert [line.partition(":")[0] for line in ended.errors.splitlines()] == ["validating", "training"]


def test_a_file_without_what_all_heads_of_a_model_need_says_how_to_make_it(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Frames and motion are one kind of evidence, the pictures: no head learns to do without one of them."""
    table = write_table(tmp_path / "clips", [(FRAMES, MOTION)] * 4)
    model = tmp_path / "m.safetensors"
    assert call(capfd, "train", table, "-o", model, "--streams", "frames,motion", *QUICK).status == 0
    assert [member.role for member in read_spec(model).members] == ["labels", "background"]
    whole = write_features(tmp_path / "whole.npz", 11, FRAMES, MOTION)
    assert labels(capfd, whole, model) == ["odd"]
    for name, held, lacks in (("seen", FRAMES, "motion"), ("moved", MOTION, "frames")):
        clip = write_features(tmp_path / f"{name}.npz", 11, held)
        ended = call(capfd, "predict", clip, "-m", model)
        assert ended.status == 1
        remedy = "make them with --streams frames,motion --rate 4"
        assert ended.errors == f"error: {clip}: holds no {lacks}, without which m cannot score it; {remedy}\n"


def test_a_model_of_features_from_elsewhere_takes_numbers_as_they_are(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "clips").mkdir()
    for number in range(4):
        values = np.random.default_rng(number).normal(0, 0.3, (12, 3)).astype(np.float32)
        values[:, 0] += 4 * (number % 2)
        np.savez(tmp_path / "clips" / f"{number}.npz", features=values, times=np.arange(12) / 4)
    table = tmp_path / "clips" / "labels.csv"
    rows = [f"{number}.npz,,,{('even', 'odd')[number % 2]},g{number // 2}\n" for number in range(4)]
    table.write_text("video,start,end,label,group\n" + "".join(rows), encoding="utf-8")
    model = tmp_path / "m.safetensors"
    assert call(capfd, "train", table, "-o", model, *QUICK).status == 0
    told = write_table(tmp_path / "told", [(SEEN,)] * 4)
    for number in range(4):
        assert labels(capfd, told.parent / f"{number}.npz", model) == [("even", "odd")[number % 2]]
    measured = json.loads(call(capfd, "evaluate", told, "-m", model, "--json", "--quiet").output)
    assert measured["metrics"]["accuracy"]["value"] == 1.0
