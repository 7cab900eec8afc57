from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vidlabel.errors import UsageError
from vidlabel.labels.formats.registry import FORMATS, format_named, format_of


def test_formats_are_these() -> None:
    assert list(FORMATS) == ["json", "jsonl", "csv", "srt", "vtt"]
    assert [name for name, format_ in FORMATS.items() if format_.holds_many] == ["jsonl", "csv"]


@pytest.mark.parametrize(
    ("path", "name"), [("a.json", "json"), ("a.mp4.JSONL", "jsonl"), ("b/c.Csv", "csv"), ("x.vtt", "vtt")]
)
def test_suffix_tells_the_format(path: str, name: str) -> None:
    assert format_of(Path(path)).name == name


@pytest.mark.parametrize(
    ("path", "problem"), [("a.xml", r"\.xml is not"), ("labels", "has no suffix"), (".json", "has no suffix")]
)
def test_unknown_suffix_is_refused_with_the_known_ones(path: str, problem: str) -> None:
    with pytest.raises(UsageError, match=rf"^{path}: {problem}.*; use one of \.json, \.jsonl, \.csv, \.srt, \.vtt$"):
        format_of(Path(path))


def test_format_is_found_by_name_in_any_case() -> None:
    assert format_named("SRT") is FORMATS["srt"]
    with pytest.raises(UsageError, match=r"^xml: .*; use one of json, jsonl, csv, srt, vtt$"):
        format_named("xml")


def test_naming_the_formats_loads_nothing_heavy() -> None:
    code = (
        "import sys, vidlabel.labels.formats.registry; "
        "print([name for name in ('numpy', 'torch', 'av') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
