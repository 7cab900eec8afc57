"""The videos of a review as the browser plays them: themselves, or copies that are made in the background."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vidlabel.errors import VidlabelError
from vidlabel.video.preview.messages import VideoDescription
from vidlabel.video.preview.process import copy_for_browsers, describe_video

FOLDER_NAME = "vidlabel-review-"
"""Begins the name of a folder of copies; the process that made it follows."""

Stage = Literal["waiting", "reading", "copying", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class PlayableVideo:
    """How far a video is from being played."""

    stage: Stage = "waiting"
    path: Path | None = None
    """What the browser plays, once it is ready."""
    times_path: Path | None = None
    """The seconds of its frames, as little-endian float64."""
    description: VideoDescription | None = None
    copied: float = 0.0
    """Share of a copy that is there, 0 to 1."""
    is_copy: bool = False
    problem: str = ""
    """Why it cannot be played."""
    warnings: tuple[str, ...] = ()


class _ReviewEndedError(Exception):
    """The review has ended."""


class PlayableVideos(AbstractContextManager["PlayableVideos"]):
    """Videos for a browser; a context manager that ends what is being made and removes the copies.

    Args:
        paths: of the videos; None where there is no file.
    """

    def __init__(self, paths: Sequence[Path | None]) -> None:
        remove_abandoned_folders(Path(tempfile.gettempdir()))
        self._folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_NAME}{os.getpid()}-"))
        self._paths = paths
        self._states = [PlayableVideo() for _ in paths]
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        # Descriptions take a second and do not wait for a copy, which takes minutes.
        self._describing = ThreadPoolExecutor(1)
        self._copying = ThreadPoolExecutor(1)

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        for executor in (self._describing, self._copying):
            executor.shutdown(cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def state(self, number: int) -> PlayableVideo:
        """How far a video is."""
        return self._states[number]

    def ask_for(self, number: int) -> PlayableVideo:
        """Begin with a video, unless that was done; never waits."""
        path = self._paths[number]
        with self._lock:
            if self._states[number].stage == "waiting" and path is not None:
                self._states[number] = PlayableVideo("reading")
                self._describing.submit(self._run, number, self._describe, path)
            return self._states[number]

    def ask_for_copy(self, number: int) -> PlayableVideo:
        """Make a copy of a video that the browser failed to play."""
        path = self._paths[number]
        with self._lock:
            state = self._states[number]
            if path is not None and state.stage == "ready" and not state.is_copy:
                self._states[number] = replace(state, stage="copying", copied=0.0)
                self._copying.submit(self._run, number, self._copy, path)
            return self._states[number]

    def _run(self, number: int, work: Callable[[int, Path], None], path: Path) -> None:
        try:
            work(number, path)
        except _ReviewEndedError:
            return
        except (VidlabelError, OSError) as error:
            self._set(number, replace(self._states[number], stage="failed", problem=str(error)))

    def _describe(self, number: int, path: Path) -> None:
        times_path = self._folder / f"{number}.times"
        found = describe_video(path, times_path, self._check)
        state = PlayableVideo("ready", path, times_path, found, warnings=found.warnings)
        self._set(number, replace(state, stage="copying") if found.obstacle else state)
        if found.obstacle:
            with contextlib.suppress(RuntimeError):  # The review has ended meanwhile.
                self._copying.submit(self._run, number, self._copy, path)

    def _copy(self, number: int, path: Path) -> None:
        state = self._states[number]
        if state.description is None:
            raise RuntimeError("a video is copied that was not described")
        duration_s = max(state.description.duration_s, 1e-9)
        copy, times = self._folder / f"{number}.mp4", self._folder / f"{number}.copy-times"

        def on_progress(seconds: float) -> None:
            """Keep how far the copy is."""
            self._set(number, replace(state, stage="copying", copied=min(seconds / duration_s, 1.0)))

        end = copy_for_browsers(path, copy, times, state.description, on_progress, self._check)
        self._set(
            number,
            replace(state, stage="ready", path=copy, times_path=times, copied=1.0, is_copy=True, warnings=end.warnings),
        )

    def _set(self, number: int, state: PlayableVideo) -> None:
        with self._lock:
            self._states[number] = state

    def _check(self) -> None:
        if self._stopped.is_set():
            raise _ReviewEndedError


def remove_abandoned_folders(folder: Path) -> None:
    """Delete the copies of reviews that were killed."""
    import psutil

    for path in folder.glob(f"{FOLDER_NAME}*"):
        owner = re.match(rf"{FOLDER_NAME}([0-9]{{1,10}})-", path.name)
        if owner is not None and not psutil.pid_exists(int(owner[1])):
            shutil.rmtree(path, ignore_errors=True)
