"""The web application: who may ask, what is answered, and that two tabs lose nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.types import ASGIApp

from review.reviewing import write_labels
from vidlabel.errors import OutputError
from vidlabel.review.app import make_app
from vidlabel.review.playable import PlayableVideos
from vidlabel.review.workspace import ReviewWorkspace
from vidlabel.video.preview.messages import VideoDescription

TOKEN = "the token of this run"
ADDRESS = "http://127.0.0.1:8765"


class AppClient:
    """Asks an application without a network, and keeps cookies as a browser does."""

    def __init__(self, app: ASGIApp) -> None:
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ADDRESS)

    def __enter__(self) -> AppClient:
        return self

    def __exit__(self, *error: object) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def ask(self, method: str, path: str, **named: Any) -> httpx.Response:  # noqa: ANN401 - those of httpx
        return self._runner.run(self._client.request(method, path, **named))

    def get(self, path: str, **named: Any) -> httpx.Response:  # noqa: ANN401
        return self.ask("GET", path, **named)

    def post(self, path: str, **named: Any) -> httpx.Response:  # noqa: ANN401
        return self.ask("POST", path, **named)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[ReviewWorkspace]:
    write_labels(tmp_path)
    with ReviewWorkspace(tmp_path / "day.csv", None, None) as opened:
        yield opened


@pytest.fixture
def stranger(workspace: ReviewWorkspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppClient]:
    """A client without the token; videos are described at once, by the test."""
    monkeypatch.setattr("vidlabel.review.playable.describe_video", describe)
    with PlayableVideos([video.path for video in workspace.videos]) as playable:
        for number in range(2):
            playable.ask_for(number)
        playable._describing.shutdown()
        app = make_app(workspace, playable, "Ann", 8765, TOKEN)
        with AppClient(app) as client:
            yield client


@pytest.fixture
def client(stranger: AppClient) -> AppClient:
    answer = stranger.get("/", params={"token": TOKEN})
    assert answer.status_code == 303
    return stranger


def describe(path: Path, times_path: Path, *_: object) -> VideoDescription:
    np.arange(0, 2.4, 0.04).astype("<f8").tofile(times_path)
    return VideoDescription(2.4, 160, 120, "", ())


def change(client: AppClient, action: str, revision: int, **fields: object) -> Any:  # noqa: ANN401 - an answer
    return client.post("/api/changes", json={"action": action, "revision": revision, **fields})


# ---- who may ask


@pytest.mark.parametrize(
    "path", ["/", "/page/review.js", "/api/review", "/api/videos/0", "/media/0", "/media/0/times", "/nothing"]
)
def test_without_the_token_nothing_is_answered(stranger: AppClient, path: str) -> None:
    for headers in ({}, {"cookie": "vidlabel-review-8765=wrong"}, {"cookie": "vidlabel-review-8766=" + TOKEN}):
        answer = stranger.get(path, headers=headers)
        assert (answer.status_code, "token" in answer.text) == (403, True)
    assert stranger.get(path, params={"token": TOKEN[:-1]}).status_code == 403
    assert stranger.post(path, json={}).status_code == 403


def test_the_token_becomes_a_cookie_that_other_sites_do_not_send(stranger: AppClient) -> None:
    answer = stranger.get("/", params={"token": TOKEN})
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("vidlabel-review-8765=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8765"},
        {"host": "127.0.0.1"},
        {"host": "127.0.0.1:80"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:80"},
        {"origin": "https://127.0.0.1:8765"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_hosts_and_origins_are_refused_even_with_the_token(client: AppClient, headers: dict[str, str]) -> None:
    for path in ("/api/review", "/media/0", f"/?token={TOKEN}"):
        assert client.get(path, headers=headers).status_code in {403, 421}
    answer = client.post("/api/changes", json={"action": "delete", "revision": 0}, headers=headers)
    assert answer.status_code in {403, 421}
    assert client.get("/api/review").json()["revision"] == 0


def test_this_page_and_localhost_are_served(client: AppClient) -> None:
    own = {"origin": ADDRESS, "sec-fetch-site": "same-origin"}
    assert client.get("/api/review", headers=own).status_code == 200
    assert client.get("/api/review", headers={"host": "localhost:8765"}).status_code == 200


def test_forms_of_other_pages_change_nothing(client: AppClient) -> None:
    body = json.dumps({"action": "delete", "revision": 0})
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = client.post("/api/changes", content=body, headers={"content-type": kind})
        assert answer.status_code == 415
        assert client.post("/api/save", content="{}", headers={"content-type": kind}).status_code == 415


def test_every_answer_binds_the_browser(client: AppClient) -> None:
    for path in ("/", "/api/review", "/media/0", "/nothing"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        *("/media/2", "/media/-1", "/media/99999999999999999999", "/media/..%2fday.csv", "/media/clip.mp4"),
        *("/page/..%2fapp.py", "/page/%2e%2e/app.py", "/page//etc/passwd", "/page/review.html.j2", "/page/none.js"),
        *("/api/videos/7", "/media/0/../../day.csv", "/day.csv"),
    ],
)
def test_only_the_named_videos_are_served(client: AppClient, path: str) -> None:
    assert client.get(path).status_code == 404


# ---- videos


def test_parts_of_videos_are_served(client: AppClient, tmp_path: Path) -> None:
    data = (tmp_path / "clip.mp4").read_bytes()
    whole = client.get("/media/0")
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, data, "video/mp4")
    assert whole.headers["accept-ranges"] == "bytes"
    part = client.get("/media/0", headers={"range": "bytes=5-99"})
    assert (part.status_code, part.content) == (206, data[5:100])
    assert part.headers["content-range"] == f"bytes 5-99/{len(data)}"
    several = client.get("/media/0", headers={"range": "bytes=0-4,6-9"})
    assert (several.status_code, several.content) == (200, data)
    late = client.get("/media/0", headers={"range": f"bytes={len(data)}-"})
    assert (late.status_code, late.headers["content-range"]) == (416, f"bytes */{len(data)}")
    head = client.ask("HEAD", "/media/0", headers={"range": "bytes=-10"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (206, b"", "10")


def test_a_part_of_another_version_is_not_given(client: AppClient, tmp_path: Path) -> None:
    tag = client.ask("HEAD", "/media/0").headers["etag"]
    same = client.get("/media/0", headers={"range": "bytes=0-4", "if-range": tag})
    assert same.status_code == 206
    (tmp_path / "clip.mp4").write_bytes(bytes(5000))
    other = client.get("/media/0", headers={"range": "bytes=0-4", "if-range": tag})
    assert (other.status_code, len(other.content)) == (200, 5000)
    (tmp_path / "clip.mp4").unlink()
    assert client.get("/media/0").status_code == 404


def test_frame_times_are_served(client: AppClient) -> None:
    times = np.frombuffer(client.get("/media/0/times").content, "<f8")
    assert times.tolist() == pytest.approx([number / 25 for number in range(60)])


# ---- changes


def test_changes_are_made_and_answered(client: AppClient, workspace: ReviewWorkspace) -> None:
    answer = change(client, "correct", 0, video=0, number=1, start=1.24, end=1.6, label="right").json()
    assert answer["change"]["before"]["start"] == 1.2
    assert {name: answer["change"]["after"][name] for name in ("start", "status", "reviewer", "score")} == {
        "start": 1.24,
        "status": "corrected",
        "reviewer": "Ann",
        "score": 0.52,
    }
    assert (answer["revision"], answer["isSaved"], answer["summary"]["reviewed"]) == (1, False, 1)
    added = change(client, "add", 1, video=1, start=2.0, end=99.0, label="jump").json()
    assert added["change"]["after"]["end"] == 2.4
    assert change(client, "undo", 2).json()["change"]["after"] is None
    saved = client.post("/api/save", json={}).json()
    assert saved["isSaved"]
    assert "1.24,1.6,right,0.52,Ann,corrected" in workspace.output.read_text()


def test_the_later_of_two_tabs_is_told_and_loses_nothing(client: AppClient, workspace: ReviewWorkspace) -> None:
    assert change(client, "delete", 0, video=0, number=0).status_code == 200
    late = change(client, "correct", 0, video=0, number=1, start=1.0, end=1.6, label="right")
    assert late.status_code == 409
    assert "another tab" in late.json()["error"]
    assert [segment.start for segment in workspace.session.segments(0)] == [1.2, 1.7]
    revision = client.get("/api/review").json()["revision"]
    assert change(client, "correct", revision, video=0, number=1, start=1.0, end=1.6, label="right").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"action": "drop", "revision": 0}', 400),
        (b'{"action": "delete", "revision": -1}', 400),
        (b'{"action": "delete", "revision": 0, "video": "x"}', 400),
        (b'{"action": "add", "revision": 0, "start": NaN, "end": 1, "label": "a"}', 400),
        (b'{"action": "add", "revision": 0, "start": -1, "end": 1, "label": "a"}', 400),
        (b"[" * 50000, 400),
        (b" " * 100_000, 413),
        (b'{"action": "delete", "revision": 0, "video": 9}', 422),
        (b'{"action": "delete", "revision": 0, "number": 9}', 422),
        (b'{"action": "undo", "revision": 0}', 422),
        (b'{"action": "add", "revision": 0, "start": 0, "end": 1, "label": "left"}', 422),
    ],
)
def test_bad_requests_are_answered(client: AppClient, body: bytes, status: int) -> None:
    answer = client.post("/api/changes", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert client.get("/api/review").json()["revision"] == 0


def test_a_full_disk_is_answered_and_nothing_is_changed(
    client: AppClient, workspace: ReviewWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(line: object) -> None:
        raise OutputError("day.csv", "cannot be written (No space left on device)", "free some space")

    monkeypatch.setattr(workspace.session, "_record", full)
    answer = change(client, "delete", 0, video=0, number=0)
    assert (answer.status_code, "No space left" in answer.json()["error"]) == (507, True)
    assert workspace.session.revision == 0


def test_names_that_are_html_stay_text(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>.mp4"
    (tmp_path / name).write_bytes(b"video")
    (tmp_path / "<b>.csv").write_text(f'video,start,end,label\n"{name}",0,1,</script><b>\n')
    with (
        ReviewWorkspace(tmp_path / "<b>.csv", None, None) as opened,
        PlayableVideos([]) as playable,
        AppClient(make_app(opened, playable, "<i>Ann</i>", 8765, TOKEN)) as client,
    ):
        client.get("/", params={"token": TOKEN})
        page = client.get("/").text
        assert "&lt;i&gt;Ann" in page
        assert "<i>" not in page
        assert "&lt;b&gt;-reviewed.csv" in page


def test_the_summary_names_videos_labels_and_uncertainty(client: AppClient) -> None:
    content = client.get("/api/review").json()
    assert content["labels"] == ["left", "right", "background"]
    assert [(video["name"], video["total"], video["leastCertain"]) for video in content["videos"]] == [
        ("clip.mp4", 3, pytest.approx(0.02)),
        ("other.mp4", 1, pytest.approx(0.3)),
    ]
    video = client.get("/api/videos/1").json()
    assert [segment["label"] for segment in video["segments"]] == ["right"]
    assert (video["playing"]["stage"], video["playing"]["durationS"]) == ("ready", 2.4)
