"""The page in a browser, worked on with keys and mouse; frames are known by the numbers painted in them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from browser import grave_findings
from corpus import Recipe, read_number, write_video
from review.reviewing import TABLE, Served, served, write_labels
from vidlabel.labels.formats.registry import read_labels

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.usefixtures("browser")  # skipped before a server is started for it

SHOWN = """() => {
    const video = document.getElementById("video"), canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const pen = canvas.getContext("2d");
    pen.drawImage(video, 0, 0);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    return [canvas.height, canvas.width, btoa(Array.from(pixels, (value) => String.fromCharCode(value)).join(""))];
}"""
IS_STILL = """() => {
    const video = document.getElementById("video");
    const isBusy = document.querySelector("main").getAttribute("aria-busy") === "true";
    return !isBusy && video.readyState >= 2 && !video.seeking;
}"""


def number_shown(page: Page) -> int:
    """The number of the frame that the player shows."""
    page.wait_for_function(IS_STILL)
    page.wait_for_timeout(50)  # until the frame is on the screen
    height, width, pixels = page.evaluate(SHOWN)
    return read_number(np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)[..., :3])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_labels(tmp_path)
    return tmp_path


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_page(viewport={"width": 1280, "height": 800}) as page:
        page.set_default_timeout(30_000)
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda message: failures.append(message.text) if message.type == "error" else None)
        yield page
        # What the browser says of a server that has ended is no failure of the page.
        assert [failure for failure in failures if "ERR_CONNECTION_REFUSED" not in failure] == []


def ready(page: Page, review: Served) -> None:
    """Open the page, and wait until its first video can be played."""
    page.goto(review.address)
    page.wait_for_function("() => document.getElementById('clock').textContent.includes('/ 0:02.40')")
    page.wait_for_function(IS_STILL)


def press(page: Page, *keys: str) -> None:
    """Press keys, and wait until what they have asked for is answered."""
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_function(IS_STILL)


def kept(folder: Path) -> list[tuple[str, float | None, float | None, str]]:
    return [(row.video, row.start, row.end, row.label) for row in read_labels(folder / "day-reviewed.csv")]


def test_labels_are_corrected_with_the_keyboard_alone(folder: Path, page: Page) -> None:
    with served(folder / "day.csv", "--reviewer", "Ann") as review:
        ready(page, review)
        assert page.url == f"http://127.0.0.1:{review.port}/"  # the token has gone from the address
        assert page.inner_text("#video-title") == "clip.mp4"
        assert page.input_value("#label") == "right"  # the least certain one
        assert number_shown(page) == 30  # its start, 1.2 s
        press(page, "Enter")
        assert page.inner_text("#count") == "1 of 4 reviewed"
        assert page.input_value("#start") == "1.700"
        press(page, ".", ".")
        assert number_shown(page) == 44  # 1.7 s lies in frame 42
        press(page, "i", ",", ".", ".", ".", "o", "2")
        assert [page.input_value(name) for name in ("#start", "#end", "#label")] == ["1.760", "1.880", "right"]
        press(page, "k", "k", "x", "u", "y")
        page.wait_for_function("() => document.getElementById('count').textContent === '2 of 3 reviewed'")
        press(page, "s")
        page.wait_for_function("() => document.getElementById('saved').textContent === 'Saved'")
        assert kept(folder) == [
            ("clip.mp4", 1.2, 1.6, "right"),
            ("clip.mp4", 1.76, 1.88, "right"),
            ("other.mp4", 0.0, 2.0, "right"),
        ]
        page.reload()
        page.wait_for_function("() => document.getElementById('count').textContent === '2 of 3 reviewed'")
        status, errors = review.end()
        assert (status, "2 of 3 segments reviewed" in errors) == (0, True)


def test_edges_are_dragged_and_segments_drawn(folder: Path, page: Page) -> None:
    with served(folder / "day.csv") as review:
        ready(page, review)
        page.fill("#video-filter", "oth")
        assert page.locator("#videos .row").count() == 1
        page.fill("#video-filter", "")
        page.click("#segments .row >> nth=1")
        page.wait_for_function("() => document.getElementById('label').value === 'left'")
        edge, bars = page.locator("#edge-end").bounding_box(), page.locator("#bars").bounding_box()
        assert edge is not None
        assert bars is not None
        a_second = (bars["width"] - 118) / 2.4  # beside the names of the labels
        page.mouse.move(edge["x"] + 6, edge["y"] + 10)
        page.mouse.down()
        page.mouse.move(edge["x"] + 6 - 0.09 * a_second, edge["y"] + 10, steps=4)
        page.mouse.up()
        page.wait_for_function("() => document.getElementById('end').value === '2.120'")  # 2.11 s, at the nearest frame
        free = bars["x"] + 110 + 1.24 * a_second, bars["y"] + 20 + 12  # in the row of `left`
        page.mouse.move(*free)
        page.mouse.down()
        page.mouse.move(free[0] + 0.2 * a_second, free[1], steps=4)
        page.mouse.up()
        page.wait_for_function("() => document.getElementById('count').textContent === '2 of 5 reviewed'")
        review.end()
    assert kept(folder)[:4] == [
        ("clip.mp4", 0.2, 1.0, "left"),
        ("clip.mp4", 1.2, 1.6, "right"),
        ("clip.mp4", 1.24, 1.44, "left"),
        ("clip.mp4", 1.7, 2.12, "left"),
    ]


@pytest.mark.slow
def test_a_copy_shows_the_frames_of_the_video_and_plays(folder: Path, page: Page) -> None:
    ticks = [index * 40 + (index % 3) * 9 for index in range(60)]  # ms: the rate varies
    write_video(folder / "clip.mkv", Recipe(codec="mpeg4", pts=ticks.__getitem__, time_base=Fraction(1, 1000)))
    (folder / "day.csv").write_text(TABLE.replace("clip.mp4", "clip.mkv"))
    with served(folder / "day.csv") as review:
        page.goto(review.address)
        page.wait_for_function("() => document.getElementById('clock').textContent.startsWith('0:01.')")
        first = sum(tick <= 1200 for tick in ticks) - 1  # the selected segment starts at 1.2 s
        for number in (first, first + 1, first + 2, first + 3):
            assert number_shown(page) == number
            assert page.inner_text("#clock").startswith(f"0:{ticks[number] / 1000:06.3f}")
            press(page, ".")
        press(page, ",", ",", ",")
        assert number_shown(page) == first + 1
        page.keyboard.press(" ")
        page.wait_for_function("() => document.getElementById('video').currentTime > 1.8")
        page.keyboard.press(" ")
        page.wait_for_function("() => document.getElementById('video').paused")
        page.check("#loop")
        page.keyboard.press("Escape")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press(" ")
        page.wait_for_function("() => document.getElementById('video').currentTime < 1.5")  # back to its start
        review.end()


@pytest.mark.slow
def test_two_tabs_lose_nothing(folder: Path, page: Page, browser: Browser) -> None:
    with served(folder / "day.csv") as review, browser.new_page() as other:
        ready(page, review)
        other.goto(review.address)
        other.wait_for_function("() => document.getElementById('label').value === 'right'")
        other.evaluate("window.addEventListener('focus', (event) => event.stopImmediatePropagation(), true)")
        press(page, "x")
        page.wait_for_function("() => document.getElementById('count').textContent === '0 of 3 reviewed'")
        status = other.evaluate("""() => fetch("api/changes", {
            method: "POST", headers: {"content-type": "application/json"},
            body: JSON.stringify({action: "delete", revision: 0, video: 0, number: 2}),
        }).then((answer) => answer.status)""")
        assert status == 409
        other.keyboard.press("Enter")
        other.wait_for_function("() => document.getElementById('count').textContent !== '0 of 4 reviewed'")
        review.end()
    assert [row[3] for row in kept(folder)] == ["left", "left", "right"]


def test_the_page_is_accessible_in_light_and_dark(folder: Path, page: Page) -> None:
    with served(folder / "day.csv") as review:
        ready(page, review)
        press(page, "Enter")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert grave_findings(page) == []
        page.keyboard.press("?")
        assert "next segment" in page.inner_text("#help")
        assert grave_findings(page) == []
        page.keyboard.press("Escape")
        assert page.locator("#help").is_hidden()


def test_html_in_names_and_labels_stays_text(tmp_path: Path, page: Page) -> None:
    bait = "</script><img src=x onerror=window.ran=1>"
    (tmp_path / "<b onmouseover=ran=1>äö.mp4").write_bytes(write_video(tmp_path / "a.mp4", Recipe()).read_bytes())
    (tmp_path / "day.csv").write_text(f"video,start,end,label\n<b onmouseover=ran=1>äö.mp4,0,1,{bait}\n")
    with served(tmp_path / "day.csv", "--reviewer", "<i>Ann") as review:
        ready(page, review)
        assert page.inner_text("#video-title") == "<b onmouseover=ran=1>äö.mp4"
        assert page.inner_text("#segments .name") == bait
        assert page.inner_text(".place").endswith("by <i>Ann")
        press(page, "Enter")
        assert page.evaluate("window.ran") is None
        review.end()
    assert kept(tmp_path)[0][3] == bait


@pytest.mark.slow
def test_of_many_segments_few_are_elements(tmp_path: Path, page: Page) -> None:
    write_video(tmp_path / "clip.mp4", Recipe())
    lines = [f"clip.mp4,{number / 5000},{(number + 1) / 5000},label {number % 3},0.9" for number in range(10_000)]
    (tmp_path / "day.csv").write_text("\n".join(["video,start,end,label,score", *lines]) + "\n")
    with served(tmp_path / "day.csv") as review:
        ready(page, review)
        page.select_option("#order", "time")
        assert page.locator("#segments .row").count() < 60
        page.evaluate("document.getElementById('segments').scrollTop = 1e9")
        page.wait_for_function("() => document.querySelector('#segments .row:last-child')?.id === 'segments-9999'")
        assert page.locator("#segments .row").count() < 60


def test_a_server_that_was_ended_is_named(folder: Path, page: Page) -> None:
    with served(folder / "day.csv") as review:
        ready(page, review)
        review.end()
        page.keyboard.press("x")
        page.wait_for_function("() => document.getElementById('error').textContent.includes('was ended')")
        assert page.locator("#segments .row").count() == 3
