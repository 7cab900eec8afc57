"""What a page is given beside the numbers that a browser shows."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

from vidlabel.report.results.page_data import address_from


def test_addresses_are_relative_and_hold_any_name(tmp_path: Path) -> None:
    video = tmp_path / "vidéos" / 'a #1?%20"<b>.mp4'
    address = address_from(tmp_path / "out" / "report.html", video)
    assert unquote(address) == '../vidéos/a #1?%20"<b>.mp4'
    assert not set(address) & set('#?"<> ')
    odd = tmp_path / os.fsdecode(b"\xff.mp4")
    assert address_from(tmp_path / "report.html", odd) == "%FF.mp4"
