"""The browser that tests of pages drive: the Chromium of the distribution; none is downloaded."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")

GRAVE = {"serious", "critical"}
"""Impacts of axe-core's findings that a page must not have."""


def find_chromium() -> str | None:
    """The program of an installed Chromium or Chrome, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def start_chromium(playwright: Playwright, executable: str) -> Browser:
    """Start it without a window; as root it runs only without its sandbox."""
    return playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"] if os.geteuid() == 0 else [])


def grave_findings(page: Page) -> list[str]:
    """What axe-core finds wrong with a page for people who use screen readers or keyboards: one line a finding."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
