"""`vidlabel review` as it is called; what it serves is tested in tests/review."""

from __future__ import annotations

import getpass
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from command_line import call
from review.reviewing import write_labels
from vidlabel.cli.run import review as run


def test_a_missing_package_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name == "uvicorn" else importlib.util.find_spec(name)

    monkeypatch.setattr(run, "find_spec", find)
    ended = call(capfd, "review", write_labels(tmp_path))
    assert (ended.status, ended.output) == (1, "")
    assert ended.errors == "error: uvicorn: is not installed; pip install 'vidlabel[review]'\n"


@pytest.mark.parametrize("name", ["", " ", "a\nb"])
def test_a_reviewer_has_a_name(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    ended = call(capfd, "review", write_labels(tmp_path), "--reviewer", name)
    assert (ended.status, ended.errors.startswith("error: --reviewer: ")) == (2, True)


def test_labels_that_are_not_there_are_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    ended = call(capfd, "review", "none.csv")
    assert (ended.status, ended.output) == (1, "")
    assert ended.errors.startswith("error: none.csv: no such file or folder; ")


@pytest.mark.parametrize(("variables", "has_display"), [({}, False), ({"WAYLAND_DISPLAY": "wayland-0"}, True)])
def test_a_browser_needs_a_screen(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], has_display: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run._has_display() == has_display


def test_a_user_without_a_name_reviews_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert run._reviewer(None) == "reviewer"
