"""Draw the pictures of pages that the README shows, from real runs on the example videos.

    PYTHONPATH=tests python docs/pictures.py docs/

Needs the distribution's Chromium.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from browser import find_chromium, start_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EXAMPLES = Path(__file__).parent.parent / "examples"
VIDEOS = ("bottle-detection.mp4", "speech-and-music.mp4")
WIDTH, HEIGHT = 1100, 1290

TRUTH = """\
video,start,end,label
examples/speech-and-music.mp4,2,9,speech
examples/speech-and-music.mp4,11,19,music
"""
"""When the script that made it starts the voice and the strings, and when they end at the latest."""


def run(folder: Path, *arguments: str) -> None:
    """Run vidlabel in a folder."""
    subprocess.run([sys.executable, "-m", "vidlabel", *arguments, "--quiet"], cwd=folder, check=True)


def draw_report(browser: Browser, folder: Path, picture: Path) -> None:
    """Label the example videos, and take a picture of their report."""
    (folder / "examples").symlink_to(EXAMPLES)
    (folder / "truth.csv").write_text(TRUTH, encoding="utf-8")
    videos = [f"examples/{name}" for name in VIDEOS]
    run(folder, "predict", *videos, "-m", "objects", "-m", "sounds", "--workers", "1", "-o", "labels/")
    run(folder, "report", "labels/", "-o", "report.html", "--truth", "truth.csv")
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
    page.goto((folder / "report.html").as_uri())
    page.locator(".lane").nth(2).wait_for()
    page.screenshot(path=picture)
    page.close()


LABELS = """\
video,start,end,label,score
examples/bottle-detection.mp4,0,5.2,bottle,0.93
examples/bottle-detection.mp4,6,14.4,bottle,0.55
examples/bottle-detection.mp4,15,18,hand,0.71
examples/bottle-detection.mp4,20,33.5,bottle,0.88
examples/bottle-detection.mp4,26,30,hand,0.49
examples/speech-and-music.mp4,2,8.5,speech,0.96
examples/speech-and-music.mp4,11.5,14,music,0.8
examples/speech-and-music.mp4,14.5,19.5,music,0.89
"""
"""As a model might give them, some of them wrong."""


def draw_review(browser: Browser, folder: Path, picture: Path) -> None:
    """Review labels of the example videos, confirm the least certain one, and take a picture of the page."""
    (folder / "examples").symlink_to(EXAMPLES)
    (folder / "day.csv").write_text(LABELS, encoding="utf-8")
    command = [sys.executable, "-m", "vidlabel", "review", "day.csv", "--no-browser", "--reviewer", "Ann", "--quiet"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = "" if server.stdout is None else server.stdout.readline().strip()
            page = browser.new_page(viewport={"width": WIDTH, "height": 660}, color_scheme="light")
            page.goto(address)
            page.wait_for_function("() => document.getElementById('clock').textContent.includes('/ 0:39')")
            page.keyboard.press("Enter")
            page.wait_for_function("() => document.getElementById('clock').textContent.startsWith('0:06')")
            page.wait_for_function("() => document.getElementById('saved').textContent === 'Saved'")
            page.wait_for_function("() => !document.getElementById('video').seeking")
            page.screenshot(path=picture)
            page.close()
        finally:
            server.send_signal(signal.SIGINT)


PICTURES = {"report.png": draw_report, "review.png": draw_review}


def main() -> None:
    """Draw all pictures into the folder that the command line names."""
    folder, chromium = Path(sys.argv[1]), find_chromium()
    if chromium is None:
        sys.exit("no Chromium here: install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = start_chromium(playwright, chromium)
        for name, draw in PICTURES.items():
            with tempfile.TemporaryDirectory() as own:
                draw(browser, Path(own), folder / name)
        browser.close()


if __name__ == "__main__":
    main()
