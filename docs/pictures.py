"""Draw the pictures of pages that the README shows, from real runs on the example videos.

    PYTHONPATH=tests python docs/pictures.py docs/

Needs the distribution's Chromium.
"""

from __future__ import annotations

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


PICTURES = {"report.png": draw_report}


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
