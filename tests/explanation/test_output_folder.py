"""The folder of an explanation is whole or not there, and nothing of the user's is touched."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from examples import example_result
from vidlabel.errors import OutputError, UsageError
from vidlabel.explanation.explanation import (
    Evidence,
    Explanation,
    IntegratedGradients,
    Occlusion,
    StreamContribution,
)
from vidlabel.explanation.explanation_json import explanation_object, explanation_schema
from vidlabel.explanation.output_folder import OutputFolder
from vidlabel.explanation.picture_evidence import HeatMap

HEAT_MAP = HeatMap((0.0, 0.0, 1.0, 1.0), (0.1, 0.2), (0.3, 0.2), None, ((1.0, 0.0),), ((0.0, 0.5),))


def example_explanation(*files: str) -> Explanation:
    """Of two streams and three samples, with evidence in pictures of these names."""
    result = example_result()
    return Explanation(
        video=result.video,
        model=result.models[0],
        label="dog",
        segment=None,
        start=1.0,
        end=1.5004,
        score=0.9,
        log_odds=2.1972246,
        baseline_score=0.5,
        baseline_log_odds=-0.0,
        times=np.array([0.5, 1.0, 1.25]),
        earlier_log_odds=0.0,
        streams=(StreamContribution("frames", 2.5, 1.0), StreamContribution("audio", -0.3027754, 0.0)),
        gradients=IntegratedGradients(
            32, 2.2, {"frames": np.array([0.5, 1, 1.01]), "audio": np.array([-0.3, -0.0, 0])}
        ),
        occlusions=(Occlusion(None, 2, np.array([0.1, 0.2, 0]), np.array([1.0, 2.0, 0])),),
        peak=(1.0, 1.5),
        evidence=tuple(Evidence("frames", 1.0, "heat_map", name, "the top left", HEAT_MAP) for name in files),
    )


def write(folder: Path, *files: str) -> None:
    with OutputFolder(folder) as output:
        for name in files:
            (output.pictures / name).write_bytes(name.encode())
        output.write(example_explanation(*files))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_follows_the_schema(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b", "one.png")
    text = (tmp_path / "a" / "b" / "explanation.json").read_text(encoding="utf-8")
    content = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(explanation_schema())
    jsonschema.Draft202012Validator(explanation_schema()).validate(content)
    assert content["end"] == 1.5
    assert content["integrated_gradients"]["sum"] == 2.21
    assert content["integrated_gradients"]["relative_gap"] == pytest.approx(0.01 / 2.2, abs=1e-6)
    details = content["evidence"][0]["details"]
    assert details["peak"] == [0.1, 0.2]
    assert (details["occlusion"], details["rank_correlation"]) == ([[0.0, 0.5]], None)
    assert '"times": [0.5, 1.0, 1.25],' in text
    assert "-0.0" not in text
    assert names(tmp_path / "a" / "b") == ["explanation.json", "one.png"]


@pytest.mark.parametrize("key", ["schema", "label", "peak", "times", "evidence"])
def test_the_schema_refuses_what_lacks_a_key(key: str) -> None:
    content = {name: value for name, value in explanation_object(example_explanation()).items() if name != key}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(explanation_schema()).validate(content)


def test_an_older_explanation_is_replaced_with_its_pictures(tmp_path: Path) -> None:
    write(tmp_path, "one.png", "two.png")
    write(tmp_path, "two.png", "three.png")
    assert names(tmp_path) == ["explanation.json", "three.png", "two.png"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"[" * 100_000, b'{"schema": "vidlabel.result/1"}', b"\xff"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "explanation.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"holds explanation.json, which no explanation wrote; give a new or empty"):
        OutputFolder(tmp_path)
    assert (tmp_path / "explanation.json").read_bytes() == content


def test_a_file_beside_an_explanation_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "one.png")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds notes.txt, which no explanation wrote"):
        OutputFolder(tmp_path)


def test_names_in_a_changed_explanation_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_text("mine")
    folder = tmp_path / "folder"
    write(folder, "one.png")
    content = json.loads((folder / "explanation.json").read_text())
    for name in ("../mine.png", str(tmp_path / "mine.png"), "..", "", 3, None, ["one.png"]):
        content["evidence"][0]["file"] = name
        (folder / "explanation.json").write_text(json.dumps(content))
        (folder / "one.png").unlink(missing_ok=True)
        write(folder)
    assert (tmp_path / "mine.png").read_text() == "mine"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(output: OutputFolder) -> None:
        (output.pictures / "one.png").write_bytes(b"half")
        raise KeyboardInterrupt

    with OutputFolder(tmp_path / "new") as output, pytest.raises(KeyboardInterrupt):
        fail(output)
    assert names(tmp_path) == []


def test_an_older_explanation_outlives_a_run_that_fails(tmp_path: Path) -> None:
    write(tmp_path, "one.png")
    with OutputFolder(tmp_path) as output:
        (output.pictures / "one.png").write_bytes(b"half")
    assert names(tmp_path) == ["explanation.json", "one.png"]
    assert (tmp_path / "one.png").read_bytes() == b"one.png"


def test_a_killed_run_is_cleared_away(tmp_path: Path) -> None:
    with OutputFolder(tmp_path / "new") as output:
        left = output.pictures
    left.mkdir(parents=True)
    (left / "one.png").write_bytes(b"half")
    write(tmp_path / "new", "two.png")
    assert names(tmp_path / "new") == ["explanation.json", "two.png"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file: is a file where a folder is needed"):
        OutputFolder(tmp_path / "file")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *arguments: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutputError, match=r"out: cannot be written .Permission denied"), OutputFolder(tmp_path / "out"):
        pass


def test_a_folder_that_cannot_be_listed_is_one_line(tmp_path: Path, forbid_listing: object) -> None:
    (tmp_path / "out").mkdir()
    forbid_listing("out")  # type: ignore[operator]
    with pytest.raises(OutputError, match=r"out: cannot be read .Permission denied"):
        OutputFolder(tmp_path / "out")


def test_a_name_that_is_no_unicode_is_written(tmp_path: Path) -> None:
    explanation = example_explanation()
    explanation = replace(explanation, video=replace(explanation.video, path="\udcff.mp4"))
    with OutputFolder(tmp_path / "o") as output:
        output.write(explanation)
    content = (tmp_path / "o" / "explanation.json").read_bytes()
    assert json.loads(content.decode("utf-8", errors="surrogatepass"))["video"]["path"] == "\udcff.mp4"
    write(tmp_path / "o")
