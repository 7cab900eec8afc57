from __future__ import annotations

import pytest

from vidlabel.labels.fields import Fields, MismatchError


def test_true_is_no_number() -> None:
    fields = Fields({"a": True}, "", ["a"])
    with pytest.raises(MismatchError, match=r"^a: is not a whole number of at least 0$"):
        fields.integer("a", least=0)
    with pytest.raises(MismatchError, match=r"^a: is not a number$"):
        fields.number("a")


def test_true_is_not_the_choice_one() -> None:
    with pytest.raises(MismatchError, match=r"^a: is not one of 0, 1$"):
        Fields({"a": True}, "", ["a"]).choice("a", [0, 1])


def test_path_leads_through_arrays_and_objects() -> None:
    top = Fields({"a": [{"b": {"c": 1}}]}, "", ["a"])
    with pytest.raises(MismatchError, match=r"^a\[0\]\.b\.c: is not text$"):
        top.children("a", ["b"])[0].child("b", ["c"]).text("c")


def test_optional_key_may_be_there_and_may_not() -> None:
    assert "b" in Fields({"a": 1, "b": 2}, "", ["a"], optional=["b"])
    assert "b" not in Fields({"a": 1}, "", ["a"], optional=["b"])


def test_numbers_within_limits_come_as_floats() -> None:
    fields = Fields({"a": [0, 1, 0.5]}, "", ["a"])
    assert fields.numbers("a", least=0, most=1) == (0.0, 1.0, 0.5)
    with pytest.raises(MismatchError, match=r"^a\[1\]: is not a number from 0 to 0\.5$"):
        fields.numbers("a", least=0, most=0.5)
