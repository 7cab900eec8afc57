"""What callers of the library are told."""

from __future__ import annotations

import pytest

from vidlabel.prediction.callbacks import Listener, PythonListener


def test_warnings_are_those_of_python_and_nothing_else_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    listener: Listener = PythonListener()
    listener.progress(1.0, 2.0)
    listener.alive()
    with pytest.warns(UserWarning, match="^the video is odd$"):
        listener.warn("the video is odd")
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
