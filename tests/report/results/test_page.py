"""The page in a real browser: what it shows, how it answers, and that nothing in names and labels runs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import vidlabel
from browser import grave_findings
from corpus import Recipe, write_video
from report.results.made import result, spans, video, write
from vidlabel.batch.records import Record, Records
from vidlabel.labels.annotations import Annotation
from vidlabel.labels.result import Result
from vidlabel.report.results.page import render_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EVIL = "</script><img src=x onerror=\"document.title='owned'\"><!-- {{ 7 * 7 }} '\" \u202e ünï"


@dataclass(slots=True)
class Opened:
    """A page, and what its browser complained of."""

    page: Page
    errors: list[str]
    requests: list[str]

    def names(self) -> list[str]:
        """The videos that are shown, from top to bottom."""
        return self.page.locator("#list h3").all_text_contents()


def open_page(browser: Browser, path: Path, width: int = 1200) -> Opened:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.context.set_offline(True)
    opened = Opened(page, [], [])
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    page.on("console", lambda message: opened.errors.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: opened.requests.append(request.url))
    page.goto(path.as_uri())
    page.locator(".lane").first.wait_for()
    return opened


def wait_until(page: Page, condition: str) -> None:
    """As `wait_for_function`, which evaluates text in the page: its content security policy forbids that."""
    look = f"const look = () => (({condition}) ? done() : requestAnimationFrame(look)); look();"
    page.evaluate(f"() => new Promise((done) => {{ {look} }})")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of an output folder, with truth: two labelled videos, one that failed, one that has moved away."""
    folder = tmp_path_factory.mktemp("report")
    recipe = Recipe(suffix=".webm", codec="libvpx", frames=40, rate=Fraction(10), options={"deadline": "realtime"})
    (folder / "videos").mkdir()
    clip = write_video(folder / "videos" / "a #1.webm", recipe)
    records = Records(folder / "out")
    gone, far = folder / "gone" / "b.mp4", folder / "videos" / "c.mp4"
    labelled: dict[str, Result] = {
        str(clip): result(str(clip), (0.5, 1.5, "dog", 0.9), (2.0, 3.0, "cat", 0.4), duration=4.0),
        str(gone): result(str(gone), (0.0, 9.0, "dog", 0.7)),
    }
    for path, found in labelled.items():
        output = write(folder / "out" / f"{Path(path).name}.json", found)
        records.write(output, Record(path, "f", "done"))
    records.write(folder / "out" / "c.mp4.json", Record(str(far), "f", "failed", reason="c.mp4: is empty"))
    (folder / "truth.csv").write_text("video,start,end,label\na #1.webm,0.5,2,dog\na #1.webm,3,3.5,bird\n")
    with pytest.warns(UserWarning, match="video not found"):
        vidlabel.write_report(folder / "out", folder / "report.html", truth=folder / "truth.csv", thumbnails=2)
    return folder


@pytest.fixture
def opened(browser: Browser, folder: Path) -> Iterator[Opened]:
    opened = open_page(browser, folder / "report.html")
    yield opened
    opened.page.close()
    assert opened.errors == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []


def test_it_shows_every_video_with_its_labels(opened: Opened) -> None:
    assert [name.rpartition("/")[2] for name in opened.names()] == ["b.mp4", "a #1.webm", "c.mp4"]
    card = opened.page.locator(".video", has_text="a #1.webm")
    card.locator(".lane").first.wait_for()
    assert card.locator(".lane .label").all_text_contents() == ["dog", "cat", "bird"]
    assert card.locator("h4").all_text_contents() == ["made-up", "truth"]
    assert card.locator(".film img").count() == 2
    # The dog is found; nobody looked for cats, and birds are no label of the model. Dogs: agreed 3.5 of 4 s, by chance
    # 1.5 * 1 + 2.5 * 3 of 16: (0.875 - 0.5625) / 0.4375.
    assert "F1@50 100.0 %, κ 0.71" in (card.locator("header").text_content() or "")
    failed = opened.page.locator(".video", has_text="c.mp4")
    assert "failed" in (failed.text_content() or "")
    assert "c.mp4: is empty" in (failed.text_content() or "")


def test_bars_lie_where_the_segments_are(opened: Opened) -> None:
    bar = opened.page.locator(".video", has_text="a #1.webm").locator(".bar").first
    picture = np.asarray(Image.open(io.BytesIO(bar.screenshot())).convert("RGB")).astype(int)
    height, width = picture.shape[:2]
    row = picture[height // 2]
    shares = (np.flatnonzero(np.ptp(row, axis=1) > 60) + 0.5) / width  # coloured; the lane is grey
    assert [shares[0], shares[-1], len(shares) / width] == pytest.approx([0.5 / 4, 1.5 / 4, 1 / 4], abs=0.006)
    column = picture[:, round(width * 1.9 / 4)]
    assert column[0].min() > 200  # the lane
    assert column[-2].max() < 80  # the truth, which lasts to 2 s


def test_filters_and_order(opened: Opened) -> None:
    page = opened.page

    def shown() -> list[str]:
        return [name.rpartition("/")[2] for name in opened.names()]

    page.select_option("#filter-label", label="cat")
    assert shown() == ["a #1.webm"]
    page.locator(".lane").wait_for()
    assert page.locator(".lane .label").all_text_contents() == ["cat"]
    page.select_option("#filter-label", "")
    page.fill("#filter-score", "0.8")
    assert shown() == ["a #1.webm"]
    page.locator(".bar[role=slider]").wait_for()
    page.fill("#filter-score", "0")
    page.select_option("#filter-status", "failed")
    assert shown() == ["c.mp4"]
    page.select_option("#filter-status", "")
    page.fill("#filter-name", "GONE")
    assert shown() == ["b.mp4"]
    assert page.inner_text("#count") == "1 of 3 videos"
    page.fill("#filter-name", "nowhere")
    assert page.inner_text("#count") == "No video matches."
    page.fill("#filter-name", "")
    page.select_option("#sort", label="Lowest score first")
    assert shown() == ["a #1.webm", "b.mp4", "c.mp4"]
    page.select_option("#sort", label="Failed first")
    assert shown()[0] == "c.mp4"


def test_scores_are_shown_on_hover_and_by_keyboard(opened: Opened) -> None:
    from playwright.sync_api import expect

    page = opened.page
    canvas = page.locator(".video", has_text="a #1.webm").locator(".bar[role=slider]").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")  # scrolled
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 5)
    expect(page.locator("#tip")).to_have_text("0:00.50 to 0:01.50, dog, score 0.90 (1.00 s, made-up)")
    page.mouse.move(0, 0)
    expect(page.locator("#tip")).to_be_hidden()
    page.focus("#sort")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "slider":
            break
    assert (
        page.evaluate("document.activeElement.getAttribute('aria-valuetext')") == "0:00.00 to 0:09.00, dog, score 0.70"
    )
    expect(page.locator("#tip")).to_contain_text("dog, score 0.70")
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).to_be_hidden()


def test_a_click_plays_the_video_there(opened: Opened) -> None:
    page = opened.page
    canvas = page.locator(".video", has_text="a #1.webm").locator(".bar[role=slider]").nth(1)
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] * 2.5 / 4, "y": 5})
    wait_until(page, "(document.querySelector('video')?.currentTime ?? 0) > 2.1")
    assert "cat" in page.inner_text(".player")
    wait_until(page, "document.querySelector('video').paused")
    assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(3.0, abs=0.5)
    canvas.press("Enter")
    wait_until(page, "(document.querySelector('video')?.currentTime ?? 0) > 2.1")
    page.click(".player button")
    assert page.locator("video").count() == 0


def test_a_video_that_has_moved_is_named(opened: Opened) -> None:
    opened.page.locator(".video", has_text="b.mp4").locator(".bar[role=slider]").first.press("Enter")
    assert "was not found" in opened.page.inner_text(".player")
    assert "--videos" in opened.page.inner_text(".player")


def test_tables_are_there_for_those_who_cannot_see_the_bars(opened: Opened) -> None:
    card = opened.page.locator(".video", has_text="a #1.webm")
    card.get_by_text("Segments as a table").click()
    card.locator("tbody tr").first.wait_for()
    rows = [row.locator("td").all_text_contents() for row in card.locator("details[open] tbody tr").all()]
    assert rows[0] == ["made-up", "dog", "0:00.50", "0:01.50", "0.90"]
    assert len(rows) == 4  # two found, two true
    card.get_by_text("Time budget").click()
    card.locator("details").nth(1).locator("tbody tr").first.wait_for()
    budget = card.locator("details").nth(1).locator("tbody tr").last.locator("td").all_text_contents()
    assert budget == ["made-up", "dog", "1", "0:01.00", "0:01.00", "0:01.00", "25.0 %", "15.00"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_with_screen_readers_and_keyboards_can_use_it(opened: Opened, scheme: str) -> None:
    opened.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    opened.page.locator(".video", has_text="a #1.webm").locator(".bar[role=slider]").first.press("Enter")
    opened.page.get_by_text("Segments as a table").first.click()
    opened.page.locator("details[open] tbody tr").first.wait_for()
    assert grave_findings(opened.page) == []


def test_narrow_screens_need_no_scrolling_sideways(browser: Browser, folder: Path) -> None:
    opened = open_page(browser, folder / "report.html", width=400)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 400
    opened.page.close()


def test_nothing_in_names_and_labels_runs(browser: Browser, tmp_path: Path) -> None:
    evil = result(EVIL, (0, 1, EVIL, 0.5))
    path = write(tmp_path / "evil.json", evil)
    vidlabel.write_labels([Annotation(EVIL, 0, 1, EVIL)], tmp_path / "truth.csv")
    Records(tmp_path / "out").write(tmp_path / "out" / "f.json", Record(EVIL + "2", "f", "failed", reason=EVIL))
    with pytest.warns(UserWarning, match="not found"):
        vidlabel.write_report([path, tmp_path / "out"], tmp_path / "report.html", truth=tmp_path / "truth.csv")
    opened = open_page(browser, tmp_path / "report.html")
    opened.page.locator(".bar[role=slider]").first.press("Enter")
    opened.page.get_by_text("Segments as a table").first.click()
    opened.page.locator("details[open] tbody tr").first.wait_for()
    shown = EVIL.replace("\u202e", "\\u202e")
    assert opened.page.title() == "Labels of 2 videos"
    assert sorted(opened.names()) == [shown, shown + "2"]
    assert opened.page.locator(".lane .label").all_text_contents() == [shown]
    assert opened.page.locator("img[src=x]").count() == 0
    assert opened.errors == []
    opened.page.close()


@pytest.mark.slow
def test_a_hundred_thousand_segments_of_one_video(browser: Browser, tmp_path: Path) -> None:
    many = spans(*((n * 0.1, n * 0.1 + 0.05, ("dog", "cat")[n % 2]) for n in range(100_000)))
    (tmp_path / "report.html").write_text(
        render_page([video("many.mp4", [("m", many)], 10_000.0)], frozenset(), [], tmp_path)
    )
    opened = open_page(browser, tmp_path / "report.html")
    slider = opened.page.locator(".bar[role=slider]").first
    slider.press("End")
    assert slider.get_attribute("aria-valuenow") == "50000"
    opened.page.get_by_text("Segments as a table").first.click()
    opened.page.locator("details[open] tbody tr").first.wait_for()
    assert opened.page.locator("details[open] tbody tr").count() == 200
    opened.page.get_by_text("Show 200 more").click()
    assert opened.page.locator("details[open] tbody tr").count() == 400
    assert opened.errors == []
    opened.page.close()


def test_timelines_are_made_near_the_window_alone(browser: Browser, tmp_path: Path) -> None:
    path = write(tmp_path / "all.jsonl", *(result(f"clip{n}.mp4", (0, 5, "dog", 0.5)) for n in range(300)))
    with pytest.warns(UserWarning, match="not found"):
        vidlabel.write_report(path, tmp_path / "report.html")
    opened = open_page(browser, tmp_path / "report.html")
    wait_until(opened.page, "document.querySelectorAll('.video').length === 300")
    assert opened.names()[:3] == ["clip0.mp4", "clip1.mp4", "clip2.mp4"]
    assert 3 < opened.page.locator(".lane").count() < 60
    last = opened.page.locator(".video").last
    last.scroll_into_view_if_needed()
    last.locator(".lane").wait_for()
    wait_until(opened.page, "document.querySelectorAll('.lane').length < 60")
    assert opened.page.locator(".video").first.locator(".lane").count() == 0
    opened.page.close()
