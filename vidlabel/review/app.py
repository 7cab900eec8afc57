"""The web application of a review: the page, its data, its changes, and the videos."""

from __future__ import annotations

import asyncio
import json
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import anyio.to_thread
from jinja2 import Environment
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from vidlabel.errors import OutputError, UsageError, printable
from vidlabel.json_fields import MismatchError, Range, dataclass_from_json
from vidlabel.json_text import parse_json
from vidlabel.review.byte_ranges import file_response
from vidlabel.review.guard import Guard
from vidlabel.review.playable import PlayableVideo, PlayableVideos
from vidlabel.review.segments import ReviewSegment, Seconds, SegmentEdit
from vidlabel.review.session import Change, StaleRevisionError
from vidlabel.review.workspace import ReviewWorkspace

SAVE_AFTER_S = 3.0
"""Seconds after the last change until the table is written; the journal has each change at once."""
_LARGEST_REQUEST = 1 << 16

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """What the page asks for."""

    action: Literal["add", "correct", "delete", "undo", "redo"]
    revision: Annotated[int, Range(0)]
    """The latest that it has seen."""
    video: Annotated[int, Range(0)] = 0
    number: Annotated[int, Range(0)] = 0
    """Of the segment."""
    start: Seconds | None = None
    end: Seconds | None = None
    label: str = ""


def make_app(workspace: ReviewWorkspace, playable: PlayableVideos, reviewer: str, port: int, token: str) -> ASGIApp:
    """The application, which answers only who comes with the token.

    Args:
        workspace: the review.
        playable: its videos.
        reviewer: whoever sits before the page.
        port: of the server.
        token: secret of this run.
    """
    return Guard(_ReviewApp(workspace, playable, reviewer).routes(), port, token)


class _ReviewApp:
    def __init__(self, workspace: ReviewWorkspace, playable: PlayableVideos, reviewer: str) -> None:
        self._workspace = workspace
        self._playable = playable
        self._reviewer = reviewer
        self._lock = asyncio.Lock()
        """Held while the review is read or changed: that may wait for the disk, and other requests go on meanwhile."""
        self._saving: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Response]] = set()
        self._assets = {path.name: path.read_bytes() for path in files("vidlabel.review").joinpath("page").iterdir()}

    def routes(self) -> Starlette:
        """The addresses there are. Videos have numbers; no path comes from the page."""
        return Starlette(
            routes=[
                Route("/", self.page),
                Route("/page/{name}", self.asset),
                Route("/api/review", self.review),
                Route("/api/state", self.state),
                Route("/api/videos/{video:int}", self.video),
                Route("/api/videos/{video:int}/playing", self.playing),
                Route("/api/videos/{video:int}/copy", self.copy, methods=["POST"]),
                Route("/api/changes", self.change, methods=["POST"]),
                Route("/api/save", self.save, methods=["POST"]),
                Route("/media/{video:int}", self.media),
                Route("/media/{video:int}/times", self.times),
            ]
        )

    async def page(self, request: Request) -> Response:  # noqa: ARG002 - of the interface
        """The page, empty: its script fetches what it shows."""
        template = Environment(autoescape=True).from_string(self._assets["review.html.j2"].decode())
        names = {"output": str(self._workspace.output), "reviewer": self._reviewer}
        return HTMLResponse(template.render({key: printable(value) for key, value in names.items()}))

    async def asset(self, request: Request) -> Response:
        """A script or style of the page."""
        name = request.path_params["name"]
        kind = {".js": "text/javascript", ".css": "text/css"}.get(PurePosixPath(name).suffix)
        if kind is None or name not in self._assets:
            return Response(status_code=404)
        return Response(self._assets[name], media_type=kind)

    async def review(self, request: Request) -> Response:  # noqa: ARG002 - of the interface
        """The videos, the labels, and how far the review is."""
        return await self._answer(lambda: {**self._state(), "videos": [self._summary(n) for n in self._numbers()]})

    async def state(self, request: Request) -> Response:  # noqa: ARG002 - of the interface
        """The latest revision, and whether the table holds it."""
        return await self._answer(self._state)

    async def video(self, request: Request) -> Response:
        """The segments of a video; it is made ready for playing."""
        number = self._number(request)
        if number is None:
            return Response(status_code=404)
        state = self._playable.ask_for(number)

        def content() -> Json:
            """Read under the lock."""
            segments = [_segment(segment) for segment in self._workspace.session.segments(number)]
            return {
                **self._state(),
                **self._summary(number),
                "segments": segments,
                "playing": self._playing(number, state),
            }

        return await self._answer(content)

    async def playing(self, request: Request) -> Response:
        """How far a video is from being played."""
        number = self._number(request)
        if number is None:
            return Response(status_code=404)
        return _answer(self._playing(number, self._playable.ask_for(number)))

    async def copy(self, request: Request) -> Response:
        """Make a copy of a video that the browser failed to play."""
        number = self._number(request)
        if number is None:
            return Response(status_code=404)
        return _answer(self._playing(number, self._playable.ask_for_copy(number)))

    async def media(self, request: Request) -> Response:
        """The video itself, or the part of it that is asked for."""
        number = self._number(request)
        state = None if number is None else self._playable.state(number)
        if state is None or state.stage != "ready" or state.path is None:
            return Response("The video is not ready.", status_code=404)
        kind = "video/webm" if state.path.suffix.lower() == ".webm" else "video/mp4"
        return await file_response(request, state.path, kind)

    async def times(self, request: Request) -> Response:
        """The seconds of the frames of a video, little-endian float64."""
        number = self._number(request)
        state = None if number is None else self._playable.state(number)
        if state is None or state.times_path is None:
            return Response("The video is not ready.", status_code=404)
        return await file_response(request, state.times_path, "application/octet-stream")

    async def change(self, request: Request) -> Response:
        """Make a change; 409 where the page has not seen the latest one."""
        asked = await _change_request(request)
        if isinstance(asked, Response):
            return asked

        def make() -> Json:
            """Change under the lock."""
            change = self._make(asked)
            return {
                **self._state(),
                "change": {
                    "video": change.video,
                    "before": None if change.before is None else _segment(change.before),
                    "after": None if change.after is None else _segment(change.after),
                },
                "summary": self._summary(change.video),
            }

        answer = await self._answer(make)
        if answer.status_code == 200:
            self._save_soon()
        return answer

    async def save(self, request: Request) -> Response:
        """Write the table now."""
        if not _is_json(request):
            return Response(status_code=415)
        return await self._save()

    def _make(self, asked: ChangeRequest) -> Change:
        session = self._workspace.session
        if asked.action == "undo":
            return session.undo(asked.revision)
        if asked.action == "redo":
            return session.redo(asked.revision)
        if asked.action == "delete":
            return session.delete(asked.revision, asked.video, asked.number)
        edit = SegmentEdit(asked.start, asked.end, asked.label)
        duration_s = self._duration_s(asked.video)
        if asked.action == "add":
            return session.add(asked.revision, asked.video, edit, self._reviewer, duration_s)
        return session.correct(asked.revision, asked.video, asked.number, edit, self._reviewer, duration_s)

    async def _save(self) -> Response:
        def write() -> Json:
            """Write under the lock."""
            self._workspace.save()
            return self._state()

        return await self._answer(write)

    def _save_soon(self) -> None:
        if self._saving is not None:
            self._saving.cancel()

        def begin() -> None:
            """Keep the task, which the loop does not."""
            task = asyncio.ensure_future(self._save())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._saving = asyncio.get_running_loop().call_later(SAVE_AFTER_S, begin)

    async def _answer(self, work: Callable[[], Json]) -> Response:
        """Do something with the review in a thread, and answer with what it gives, or why it cannot be done."""
        async with self._lock:
            try:
                content, status = await anyio.to_thread.run_sync(work), 200
            except StaleRevisionError:
                content, status = {"error": "The labels were changed in another tab."}, 409
            except UsageError as error:
                content, status = {"error": str(error)}, 422
            except OutputError as error:
                content, status = {"error": str(error)}, 507
        return _answer(content, status)

    def _state(self) -> Json:
        session = self._workspace.session
        return {
            "revision": session.revision,
            "labels": session.labels,
            "canUndo": session.can_undo,
            "canRedo": session.can_redo,
            "isSaved": self._workspace.is_saved or session.revision == 0,
        }

    def _summary(self, number: int) -> Json:
        video, session = self._workspace.videos[number], self._workspace.session
        reviewed, total = session.counts(number)
        least = session.least_certain(number)
        return {
            "video": number,
            "name": video.name,
            "problem": video.problem,
            "reviewed": reviewed,
            "total": total,
            "leastCertain": None if least == float("inf") else least,
            "ownLabels": sorted(session.labels_of(number)),
        }

    def _playing(self, number: int, state: PlayableVideo) -> Json:
        return {
            "stage": state.stage,
            "durationS": self._duration_s(number),
            "copied": state.copied,
            "isCopy": state.is_copy,
            "problem": state.problem or self._workspace.videos[number].problem,
            "obstacle": "" if state.description is None else state.description.obstacle,
            "warnings": state.warnings,
        }

    def _duration_s(self, number: int) -> float | None:
        if number >= len(self._workspace.videos):
            return None
        description = self._playable.state(number).description
        return None if description is None else description.duration_s

    def _numbers(self) -> range:
        return range(len(self._workspace.videos))

    def _number(self, request: Request) -> int | None:
        number = int(request.path_params["video"])
        return number if number in self._numbers() else None


def _segment(segment: ReviewSegment) -> Json:
    return {
        "number": segment.number,
        "start": segment.start,
        "end": segment.end,
        "label": segment.label,
        "status": segment.status,
        "reviewer": segment.reviewer,
        "score": segment.score,
        "annotator": segment.annotator,
    }


async def _change_request(request: Request) -> ChangeRequest | Response:
    """What a request asks for, or the answer to one that cannot be understood."""
    if not _is_json(request):
        return Response(status_code=415)
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > _LARGEST_REQUEST:
                return Response(status_code=413)
        return dataclass_from_json(ChangeRequest, parse_json(body), "")
    except (ValueError, MismatchError) as error:
        return _answer({"error": f"The request cannot be understood: {error}"}, 400)
    except ClientDisconnect:
        return Response(status_code=400)


def _is_json(request: Request) -> bool:
    """Whether a request has the type that pages of other sites cannot send without being asked for permission first."""
    return mimetypes.guess_extension(request.headers.get("content-type", "").partition(";")[0].strip()) == ".json"


def _answer(content: Json, status: int = 200) -> Response:
    """JSON in ASCII: names of files may hold what UTF-8 cannot."""
    return Response(json.dumps(content), status, media_type="application/json")
