"""Messages are one line that names the file, what is wrong, and what to do."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel import errors
from vidlabel.errors import UsageError, VideoError, VidlabelError, printable


def test_a_message_names_file_problem_and_remedy() -> None:
    error = VideoError(Path("clips") / "a.mp4", "holds no video", "check the file")
    assert str(error) == f"{Path('clips/a.mp4')}: holds no video; check the file"
    assert str(VideoError("a.mp4", "holds no video")) == "a.mp4: holds no video"


def test_odd_names_stay_one_line_of_text() -> None:
    assert str(VideoError("a\n\x1b[31m\udce9.mp4", "is odd")) == "a\\n\\x1b[31m\\udce9.mp4: is odd"


@given(st.text(st.characters()))
def test_any_text_can_be_printed(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable() or shown == ""
    shown.encode("utf-8")


@pytest.mark.parametrize(
    "kind", [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, VidlabelError)]
)
def test_errors_can_be_copied(kind: type[VidlabelError]) -> None:
    error = kind("a.mp4", "is odd", "look")
    twin = copy.copy(error)
    assert (type(twin), str(twin)) == (kind, str(error))


def test_wrong_devices_are_wrong_usage() -> None:
    assert issubclass(errors.DeviceError, UsageError)
