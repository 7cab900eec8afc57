"""What names in files may be."""

from __future__ import annotations

import pytest

from vidlabel.checks import MAX_NAME_LENGTH, check_name, require


@pytest.mark.parametrize("name", ["", " a", "a\n", "two\nlines", "\x1b[31m", "a" * (MAX_NAME_LENGTH + 1)])
def test_names_that_would_spoil_a_terminal_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="the name must be 1 to 200 printable characters"):
        check_name(name, "the name")


def test_names_of_any_language_are_fine() -> None:
    check_name("läuft, 歩く", "the name")
    check_name("a" * MAX_NAME_LENGTH, "the name")


def test_what_does_not_hold_is_said() -> None:
    require(1 < 2, "never")
    with pytest.raises(ValueError, match=r"^rate must lie above 0$"):
        require(0 < 0, "rate must lie above 0")
