"""What an output folder remembers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from vidlabel.batch.records import Record, Records

DONE = Record("v/a.mp4", "f00", "done", samples=7, duration=3.5, sha256="a" * 64)


def test_a_record_is_read_back(tmp_path: Path) -> None:
    records, output = Records(tmp_path), tmp_path / "sub" / "a.mp4.json"
    assert records.read(output) is None
    records.write(output, DONE)
    assert records.read(output) == DONE
    records.write(output, replace(DONE, state="failed", reason="broken"))
    assert records.read(output) == replace(DONE, state="failed", reason="broken")


def test_a_record_of_work_that_begins_is_read_back_too(tmp_path: Path) -> None:
    records, output = Records(tmp_path), tmp_path / "a.json"
    records.write(output, DONE)
    records.begin(output, replace(DONE, state="started", starts=2))
    assert records.read(output) == replace(DONE, state="started", starts=2)


def test_all_records_are_listed_with_their_outputs(tmp_path: Path) -> None:
    records = Records(tmp_path)
    for name in ("b.json", "a.json", "s/c.json"):
        records.write(tmp_path / name, replace(DONE, video=name))
    assert [(path.relative_to(tmp_path).as_posix(), record.video) for path, record in records.all()] == [
        ("a.json", "a.json"),
        ("b.json", "b.json"),
        ("s/c.json", "s/c.json"),
    ]


def test_names_outside_utf8_survive(tmp_path: Path) -> None:
    records, output = Records(tmp_path), tmp_path / "a.json"
    records.write(output, replace(DONE, video="caf\udce9.mp4"))
    assert records.read(output) == replace(DONE, video="caf\udce9.mp4")


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.text() | st.floats(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)).map(
        lambda v: json.dumps(v).encode()
    )
)
def test_a_damaged_record_counts_as_none(tmp_path_factory: object, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("out")  # type: ignore[attr-defined]
    path = folder / ".vidlabel" / "records" / "a.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    assert Records(folder).read(folder / "a.json") is None
    assert list(Records(folder).all()) == []


def test_a_record_with_a_wrong_type_counts_as_none(tmp_path: Path) -> None:
    records, output = Records(tmp_path), tmp_path / "a.json"
    records.write(output, DONE)
    path = tmp_path / ".vidlabel" / "records" / "a.json"
    data = json.loads(path.read_text())
    wrong = [("starts", "x"), ("state", "odd"), ("reason", None), ("starts", -1), ("starts", True), ("starts", 1.0)]
    wrong += [("duration", value) for value in (10**400, float("inf"), float("nan"), -0.5)]
    for name, value in wrong:
        path.write_text(json.dumps({**data, name: value}))
        assert records.read(output) is None, (name, value)
