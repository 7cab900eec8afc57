"""Videos become playable in the background, broken ones do no harm, and nothing is left behind."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import pytest

from corpus import CATALOGUE
from review.reviewing import write_labels
from vidlabel.errors import DecodeError
from vidlabel.review.playable import FOLDER_NAME, PlayableVideo, PlayableVideos, remove_abandoned_folders
from vidlabel.video.preview.messages import PreviewEnd, VideoDescription


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


def finished(playable: PlayableVideos, number: int) -> PlayableVideo:
    """The state of a video once all work has ended."""
    playable.ask_for(number)
    for executor in (playable._describing, playable._copying):
        executor.shutdown()
    return playable.state(number)


def test_a_video_that_browsers_play_is_played_itself(tmp_path: Path, temporary: Path) -> None:
    write_labels(tmp_path)
    with PlayableVideos([tmp_path / "clip.mp4"]) as playable:
        state = finished(playable, 0)
        assert (state.stage, state.path, state.is_copy) == ("ready", tmp_path / "clip.mp4", False)
        assert state.times_path is not None
        assert state.times_path.stat().st_size == 60 * 8
    assert list(temporary.iterdir()) == []


def test_another_one_is_copied_and_the_copy_removed_at_the_end(tmp_path: Path, temporary: Path) -> None:
    path = CATALOGUE["mpeg4.avi"].write(tmp_path)
    states: list[str] = []
    with PlayableVideos([path, None]) as playable:
        submit = playable._copying.submit
        started = threading.Event()

        def watched(*arguments: object) -> object:
            states.append(playable.state(0).stage)
            started.set()
            return submit(*arguments)  # type: ignore[arg-type]

        playable._copying.submit = watched  # type: ignore[method-assign, assignment]
        playable.ask_for(0)
        assert started.wait(60)
        playable._copying.shutdown()
        state = playable.state(0)
        assert (states, state.stage, state.is_copy) == (["copying"], "ready", True)
        assert state.path is not None
        assert temporary in state.path.parents
        assert playable.ask_for(1).stage == "waiting"  # there is no file
    assert list(temporary.iterdir()) == []


def test_a_broken_video_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with PlayableVideos([tmp_path / "a.mp4"]) as playable:
        state = finished(playable, 0)
    assert state.stage == "failed"
    assert "a.mp4: is damaged or no video" in state.problem


def test_a_process_that_dies_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(path: Path, *_: object) -> VideoDescription:
        raise DecodeError(path, "cannot be shown: the process was ended by signal 11")

    monkeypatch.setattr("vidlabel.review.playable.describe_video", dies)
    with PlayableVideos([tmp_path / "a.mp4"]) as playable:
        assert "ended by signal 11" in finished(playable, 0).problem


def test_what_the_browser_fails_to_play_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def copies(*arguments: object) -> PreviewEnd:
        return PreviewEnd(60, ("a hole",))

    monkeypatch.setattr("vidlabel.review.playable.describe_video", lambda *_: VideoDescription(2.4, 160, 120, "", ()))
    monkeypatch.setattr("vidlabel.review.playable.copy_for_browsers", copies)
    with PlayableVideos([tmp_path / "a.mp4"]) as playable:
        playable.ask_for(0)
        playable._describing.shutdown()
        assert not playable.state(0).is_copy
        assert playable.ask_for_copy(0).stage in {"copying", "ready"}
        playable._copying.shutdown()
        state = playable.state(0)
        assert (state.stage, state.is_copy, state.warnings) == ("ready", True, ("a hole",))
        assert playable.ask_for_copy(0) is state  # it is copied once


def test_copies_of_reviews_that_were_killed_are_removed(temporary: Path) -> None:
    (temporary / f"{FOLDER_NAME}4194999-x").mkdir()  # above the largest process id of Linux
    (temporary / f"{FOLDER_NAME}{os.getpid()}-x").mkdir()
    (temporary / f"{FOLDER_NAME}mine").mkdir()
    remove_abandoned_folders(temporary)
    assert {path.name for path in temporary.iterdir()} == {f"{FOLDER_NAME}{os.getpid()}-x", f"{FOLDER_NAME}mine"}
