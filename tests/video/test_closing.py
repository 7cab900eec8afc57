"""A `with` block closes, also after an error, which it lets through."""

from __future__ import annotations

import pytest

from vidlabel.video.closing import Closing


class Counted(Closing):
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        """Count."""
        self.closed += 1


def test_the_end_of_the_block_closes() -> None:
    counted = Counted()
    with counted as entered:
        assert entered is counted
        assert counted.closed == 0
    assert counted.closed == 1


def test_an_error_closes_and_goes_on() -> None:
    counted = Counted()
    with pytest.raises(ValueError, match="of the block"), counted:
        raise ValueError("of the block")
    assert counted.closed == 1
