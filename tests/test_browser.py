"""The browser of the tests runs pages, and what is wrong with a page is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import browser as browsers

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_pages_run_their_scripts(browser: Browser) -> None:
    with browser.new_page() as page:
        page.set_content("<p id=p>before</p><script>document.getElementById('p').textContent = 'after'</script>")
        assert page.inner_text("#p") == "after"


def test_what_screen_readers_cannot_read_is_found(browser: Browser) -> None:
    with browser.new_page() as page:
        page.set_content("<html lang=en><title>t</title><main><h1>t</h1><img src='data:,'></main>")
        assert [line.split(":")[0] for line in browsers.grave_findings(page)] == ["image-alt"]


def test_no_browser_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert browsers.find_chromium() is None
