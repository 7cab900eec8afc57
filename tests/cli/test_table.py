"""Times as a person reads them."""

from __future__ import annotations

import pytest

from vidlabel.cli.table import format_time


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.00"), (7.504, "0:07.50"), (59.999, "1:00.00"), (723.25, "12:03.25"), (3723.25, "1:02:03.25")],
)
def test_times(seconds: float, text: str) -> None:
    assert format_time(seconds) == text
