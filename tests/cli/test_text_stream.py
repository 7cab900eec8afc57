"""The stream of subtitles from training to labels, as a user goes."""

from __future__ import annotations

import importlib.util
import json
from fractions import Fraction
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

import vidlabel
from command_line import call
from corpus import Recipe, write_video
from sounds import write_clip
from subtitled import Track, add_subtitles
from vidlabel.batch.jobs.extract import extract_job
from vidlabel.features import speech
from vidlabel.features.config import ExtractOptions
from vidlabel.features.feature_file import read_feature_file
from vidlabel.video.subtitles.transcript import SpokenLine, Transcript

pytestmark = pytest.mark.usefixtures("in_one_process", "short_windows")

FALLS = ("He falls down.", "She falls over!", "Somebody falls.", "A man falls down.", "Look, she falls.", "He falls.")
EATS = ("They eat bread.", "She eats soup.", "We eat at the table.", "He eats an apple.", "Bread to eat.", "She eats.")
SAMPLE_S = 0.5


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = Recipe(width=64, height=48, frames=40, rate=Fraction(5))
    return write_video(tmp_path_factory.mktemp("plain") / "plain.mp4", recipe)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, plain: Path) -> Path:
    """A folder with a model that learnt from text alone: all pictures are the same."""
    folder = tmp_path_factory.mktemp("text")
    rows = ["video,start,end,label"]
    for number, (fall, eat) in enumerate(zip(FALLS, EATS, strict=True)):
        first, second = [(fall, "fall"), (eat, "eat")][:: -1 if number % 2 else 1]
        start = number * 0.4
        lines = [(start, start + 1.6, *first), (start + 3, start + 4.6, *second)]
        add_subtitles(plain, folder / f"v{number}.mkv", Track("subrip", [line[:3] for line in lines]))
        rows += [f"v{number}.mkv,{start},{end},{label}" for start, end, _, label in lines]
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    vidlabel.train(
        folder / "labels.csv",
        folder / "text.safetensors",
        streams=("text",),
        head="gru",
        hidden=16,
        layers=1,
        members=1,
        epochs=100,
        learning_rate=0.01,
        inner_folds=0,
        rate=1 / SAMPLE_S,
        cache_dir=folder / "cache",
    )
    return folder


def test_what_only_the_text_tells_is_labelled_at_its_times(
    trained: Path, plain: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "new.mp4"
    clip.write_bytes(plain.read_bytes())
    clip.with_suffix(".srt").write_text(
        "1\n00:00:02,200 --> 00:00:04,100\nShe eats the bread.\n\n2\n00:00:05,100 --> 00:00:07,300\nShe falls down.\n",
        encoding="utf-8",
    )
    done = call(capfd, "predict", clip, "--model", trained / "text.safetensors")
    assert done.status == 0, done.errors
    segments = json.loads(done.output)["segments"]
    assert [segment["label"] for segment in segments] == ["eat", "fall"]
    for segment, (start, end) in zip(segments, ((2.2, 4.1), (5.1, 7.3)), strict=True):
        assert abs(segment["start"] - start) <= SAMPLE_S
        assert abs(segment["end"] - end) <= SAMPLE_S


@pytest.mark.usefixtures("shared_decoding", "explained_in_the_pool")
def test_what_a_named_file_says_is_explained_by_its_words(
    trained: Path, plain: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The video has no text, or another one beside it: what `predict --subtitles` labelled is explained."""
    clip, named = tmp_path / "new.mp4", tmp_path / "named.srt"
    clip.write_bytes(plain.read_bytes())
    clip.with_suffix(".srt").write_text("1\n00:00:01,000 --> 00:00:05,000\nHe eats soup.\n", encoding="utf-8")
    named.write_text("1\n00:00:05,100 --> 00:00:07,300\nShe falls down.\n", encoding="utf-8")
    options = (clip, "--model", trained / "text.safetensors", "--subtitles", named)
    (labelled,) = json.loads(call(capfd, "predict", *options).output)["segments"]
    ended = call(capfd, "explain", *options, "-o", tmp_path / "why")
    assert ended.status == 0, ended.errors
    found = json.loads((tmp_path / "why" / "explanation.json").read_text(encoding="utf-8"))
    assert (found["label"], found["start"], found["end"]) == ("fall", labelled["start"], labelled["end"])
    assert [one["details"]["text"] for one in found["evidence"]] == ["She falls down."]
    unread = call(capfd, "explain", clip, "-m", "objects", "--subtitles", named, "-o", tmp_path / "other")
    assert (unread.status, "--subtitles: no text is read by objects" in unread.errors) == (2, True)


def test_a_model_says_which_text_it_reads(trained: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shown = call(capfd, "info", trained / "text.safetensors").output
    assert "streams text\n" in shown


def test_labels_are_made_again_when_the_subtitles_change(
    trained: Path, plain: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "new.mp4"
    clip.write_bytes(plain.read_bytes())
    beside = clip.with_suffix(".srt")
    out = tmp_path / "new.json"
    starts = []
    for start in ("00:00:01,000", "00:00:01,000", "00:00:02,000"):
        beside.write_text(f"1\n{start} --> 00:00:04,000\nHe eats soup.\n", encoding="utf-8")
        ended = call(capfd, "predict", clip, "--model", trained / "text.safetensors", "-o", out)
        assert ended.status == 0, ended.errors
        starts.append((out.stat().st_mtime_ns, json.loads(out.read_bytes())["segments"][0]["start"]))
    assert starts[0] == starts[1]
    assert starts[2][1] == pytest.approx(2, abs=SAMPLE_S)


def test_a_video_without_subtitles_and_a_shared_file_are_one_line(
    trained: Path, plain: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = trained / "text.safetensors"
    lacking = call(capfd, "predict", plain, "--model", model)
    assert lacking.status == 1
    assert "plain.mp4: has no subtitles, which the stream text is made of; leave it out" in lacking.errors
    named = tmp_path / "named.srt"
    named.write_text("1\n00:00:01,000 --> 00:00:03,000\nHe eats soup.\n", encoding="utf-8")
    shared = call(capfd, "predict", plain, trained / "v0.mkv", "--model", model, "--subtitles", named)
    assert (shared.status, "--subtitles: belongs to one video, and 2 are given" in shared.errors) == (2, True)
    unread = call(capfd, "predict", plain, "--subtitles", named)
    unread_by = "--subtitles: no text is read by objects-coarse, people, sounds"
    assert (unread.status, unread_by in unread.errors) == (2, True)
    missing = call(capfd, "predict", plain, "--model", model, "--subtitles", tmp_path / "none.srt")
    assert (missing.status, "none.srt: cannot be read" in missing.errors) == (1, True)


def test_labels_are_not_written_where_the_next_run_would_read_them_as_subtitles(
    trained: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "clip.mkv"
    clip.write_bytes((trained / "v0.mkv").read_bytes())
    for name in ("clip.srt", "clip.en.vtt"):
        refused = call(capfd, "predict", clip, "--model", trained / "text.safetensors", "-o", tmp_path / name)
        assert refused.status == 2
        assert f"would be read as the subtitles of clip.mkv; name it clip.mkv{Path(name).suffix}" in refused.errors
        assert not (tmp_path / name).exists()
    done = call(capfd, "predict", clip, "--model", trained / "text.safetensors", "-o", tmp_path / "clip.mkv.srt")
    assert done.status == 0, done.errors


def test_feature_files_are_made_again_when_the_subtitles_change(
    plain: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    named = tmp_path / "named.srt"
    named.write_text("1\n00:00:01,000 --> 00:00:03,000\nHe eats soup.\n", encoding="utf-8")
    arguments = ("features", plain, "--streams", "text", "--subtitles", named, "-o", tmp_path / "out")
    first = call(capfd, *arguments)
    assert first.status == 0, first.errors
    found = read_feature_file(tmp_path / "out" / "plain.mp4.npz")
    assert [time for time, vector in zip(found.times, found.values, strict=True) if vector.any()] == [1, 1.6, 2, 2.6]
    job = extract_job(ExtractOptions(streams=("text",), subtitles=str(named)))
    known = job.fingerprint(str(plain))
    assert job.recognise(tmp_path / "out" / "plain.mp4.npz", known) is not None
    named.write_text("1\n00:00:01,000 --> 00:00:02,000\nHe eats soup.\n", encoding="utf-8")
    assert job.fingerprint(str(plain)) != known
    refused = call(capfd, "features", plain, "--subtitles", named, "-o", tmp_path / "out")
    assert (refused.status, "--subtitles: is for the stream text; add it to --streams" in refused.errors) == (2, True)


def install_faster_whisper(monkeypatch: pytest.MonkeyPatch, found: ModuleSpec | None) -> None:
    """Let the package be installed or not, whatever is here."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found if name == "faster_whisper" else find(name))


@pytest.mark.usefixtures("shared_decoding", "explained_in_the_pool")
def test_speech_is_read_where_there_are_no_subtitles(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "whisper"
    model.mkdir()
    for name in ("config.json", "model.bin", "tokenizer.json"):
        model.joinpath(name).write_bytes(b"{}")
    install_faster_whisper(monkeypatch, ModuleSpec("faster_whisper", None))
    heard: list[Path] = []

    def transcribe(path: Path, folder: Path, *_: object) -> Transcript:
        heard.append(folder)
        return Transcript((SpokenLine(1000, 3000, "She eats the bread."),))

    monkeypatch.setattr(speech, "transcribe", transcribe)
    monkeypatch.setenv("VIDLABEL_CACHE", str(tmp_path / "cache"))
    clip = write_clip(tmp_path / "clip.mp4")
    for _ in range(2):
        done = call(capfd, "predict", clip, "--model", trained / "text.safetensors", "--speech", model)
        assert done.status == 0, done.errors
        (segment,) = json.loads(done.output)["segments"]
        assert segment["label"] == "eat"
        assert segment["start"] == pytest.approx(1, abs=SAMPLE_S)
        assert segment["end"] == pytest.approx(3, abs=SAMPLE_S)
    made = call(capfd, "features", clip, "--streams", "text", "--speech", model, "-o", tmp_path / "out")
    assert made.status == 0, made.errors
    options = (clip, "--model", trained / "text.safetensors", "--speech", model)
    why = call(capfd, "explain", *options, "-o", tmp_path / "why")
    assert why.status == 0, why.errors
    assert '"bread."' in why.output or '"eats"' in why.output
    assert heard == [model]  # kept for the second run and for the other commands


def test_speech_without_the_stream_text_is_wrong_usage(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    install_faster_whisper(monkeypatch, None)
    clip = write_clip(tmp_path / "clip.mp4")
    text = trained / "text.safetensors"
    for arguments, problem in (
        (("predict", clip), "--speech: no text is read by objects-coarse, people, sounds; leave it out"),
        (("features", clip, "-o", tmp_path / "out", "--streams", "frames"), "--speech: is for the stream text"),
        (("predict", clip, "--model", text), "not installed; run: pip install 'vidlabel[speech]'"),
    ):
        refused = call(capfd, *arguments, "--speech", "tiny.en")
        assert problem in refused.errors
        assert refused.status != 0
