"""What `--labels` asks for, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidlabel.errors import InputError, UsageError
from vidlabel.vocabulary.labels import MOST_LABELS, check_labels, parse_labels


def test_commas_separate_and_quotes_hold_together() -> None:
    assert parse_labels(['a dog barks, car,, "salt, pepper" ', "Straße"]) == (
        "a dog barks",
        "car",
        "salt, pepper",
        "Straße",
    )
    assert parse_labels(()) == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_holds_one_a_line_in_any_encoding_of_text(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes("a dog, barking\r\n\n car \ncafe\u0301".encode(encoding))
    assert parse_labels([f"@{path}"]) == ("a dog, barking", "car", "caf\u00e9")


@pytest.mark.parametrize("text", ["", " ", ",", '"a', '"a" b'])
def test_what_is_no_list_of_labels_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--labels"):
        parse_labels([text])


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    video, large = tmp_path / "clip.mp4", tmp_path / "large.txt"
    video.write_bytes(b"\0\0\0\x18ftypmp42\xff")
    large.write_bytes(b"a\n" * 600_000)
    for path in (tmp_path / "gone.txt", tmp_path, video, large, Path("a\0b")):
        with pytest.raises(InputError):
            parse_labels([f"@{path}"])
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"\n\n")
    with pytest.raises(UsageError, match="names no label"):
        parse_labels([f"@{empty}"])


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (("dog", "car", "dog"), "'dog' is named twice"),
        (("caf\u00e9", "cafe\u0301"), "is named twice"),
        (("a\nb",), "is not possible"),
        (("x" * 201,), "is not possible"),
        (tuple(map(str, range(MOST_LABELS + 1))), "1001 labels are too many"),
    ],
    ids=["twice", "twice in Unicode", "two lines", "long", "many"],
)
def test_labels_that_results_could_not_hold_are_refused(labels: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        check_labels(labels)
