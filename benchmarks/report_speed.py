"""How smoothly a report of many videos opens and scrolls, measured in a browser without a window.

    PYTHONPATH=tests python benchmarks/report_speed.py [--videos 1000] [--segments 100000]

Writes a report of made-up results with thumbnails, opens it from the disk in the Chromium of the machine, scrolls to
its end and back by the wheel, and filters it. Prints a Markdown table: first paint, and the longest task of each phase,
by the clock (PerformanceObserver, `longtask`: from 50 ms) and by the CPU time of the thread of the page (from a trace),
which does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from browser import find_chromium, start_chromium
from speed_measure import print_table
from vidlabel.report.results.content import LabelledSpan, LabelTrack, ReportVideo, Thumbnail
from vidlabel.report.results.page import render_page
from vidlabel.report.results.thumbnails import encode_jpeg, thumbnails_each

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LABELS = 20
LONG_TASK_MS = 50
"""Shorter ones are not reported by browsers."""

WATCH = """
window.longTasks = [];
new PerformanceObserver((found) => {
  for (const task of found.getEntries()) window.longTasks.push(task.duration);
}).observe({ type: "longtask", buffered: true });
"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def made_up(videos: int, segments: int) -> list[ReportVideo]:
    """Videos of ten minutes whose segments are those of two models."""
    random = np.random.default_rng(0)
    pictures = [
        encode_jpeg(random.integers(0, 255, (9, 16, 3), np.uint8).repeat(12, 0).repeat(12, 1)) for _ in range(9)
    ]
    each, thumbnails = segments // videos, thumbnails_each(4, videos)
    found = []
    for number in range(videos):
        starts = np.sort(random.uniform(0, 590, each)).round(3).tolist()
        spans = [
            LabelledSpan(start, round(start + random.uniform(0.2, 9), 3), f"label {random.integers(LABELS)}", 0.5)
            for start in starts
        ]
        tracks = tuple(LabelTrack(name, tuple(spans[part::2])) for part, name in enumerate(("one", "two")))
        small = tuple(Thumbnail(75.0 + 150 * n, pictures[n % 9]) for n in range(thumbnails))
        path = f"videos/recording {number:05}.mp4"
        found.append(ReportVideo(path, Path("all.csv"), duration=600.0, tracks=tracks, thumbnails=small))
    return found


class Phases:
    """Measures the longest task of one phase after the other."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self._browser = browser
        self._page = page
        self.rows: list[tuple[str, str]] = []

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What is done in the block is measured under this name."""
        self._browser.start_tracing(page=self._page, categories=["toplevel"])
        yield
        self._page.wait_for_timeout(300)
        tasks: list[float] = self._page.evaluate("() => window.longTasks.splice(0)")
        cpu_ms = longest_cpu_ms(json.loads(self._browser.stop_tracing()))
        by_clock = f"{max(tasks):.0f} ms" if tasks else f"below {LONG_TASK_MS} ms"
        self.rows.append((f"longest task while {name}", f"{by_clock} (CPU {cpu_ms:.0f} ms)"))


def longest_cpu_ms(trace: dict[str, list[dict[str, Any]]]) -> float:
    """CPU time of the longest task of the page's thread."""
    events = trace["traceEvents"]
    names = [event for event in events if event["name"] == "thread_name"]
    pages = {(event["pid"], event["tid"]) for event in names if event["args"]["name"] == "CrRendererMain"}
    tasks = [event for event in events if event["name"].endswith("RunTask") and "tdur" in event]
    return max(float(event["tdur"]) / 1000 for event in tasks if (event["pid"], event["tid"]) in pages)


def measure(browser: Browser, report: Path, screens: int) -> list[tuple[str, str]]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(WATCH)
    phases = Phases(browser, page)
    with phases.phase("opening"):
        page.goto(report.as_uri())
        page.locator(".lane").first.wait_for()
    paint = page.evaluate(FIRST_PAINT)
    page.mouse.move(600, 450)
    for name, step in (("scrolling down", 900), ("scrolling up", -900)):
        with phases.phase(name):
            for _ in range(screens):
                page.mouse.wheel(0, step)
                page.wait_for_timeout(30)
    with phases.phase("jumping to the end"):
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
    with phases.phase("filtering by label"):
        page.select_option("#filter-label", index=1)
    with phases.phase("sorting"):
        page.select_option("#sort", index=2)
    return [("first paint", f"{paint:.0f} ms"), *phases.rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--segments", type=int, default=100_000)
    parser.add_argument("--screens", type=int, default=40, help="how far is scrolled, in heights of the window")
    asked = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        sys.exit("no Chromium here: install chromium")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = Path(folder) / "report.html"
        videos = made_up(asked.videos, asked.segments)
        began = time.perf_counter()
        report.write_text(render_page(videos, frozenset(), [], report), encoding="utf-8")
        rows = [("page made in", f"{time.perf_counter() - began:.1f} s")]
        rows.append(("size of the file", f"{report.stat().st_size / 1e6:.1f} MB"))
        browser = start_chromium(playwright, chromium)
        rows += measure(browser, report, asked.screens)
        version = browser.version
        browser.close()
    title = f"{asked.videos} videos, {asked.segments} segments (Chromium {version})"
    print_table(title, ["", "measured"], rows)


if __name__ == "__main__":
    main()
