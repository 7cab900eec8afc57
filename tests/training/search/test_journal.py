"""Trials on the disk: a kill at any moment costs one at most."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from training.search.trials import SETTINGS, record
from vidlabel.errors import OutputError
from vidlabel.training.search.journal import Line, OuterFoldScores, PartEnd, SearchStart, open_journal
from vidlabel.training.search.model_cost import EncoderCost, StreamCosts
from vidlabel.training.search.quality import ClipScore

COSTS = StreamCosts(0.25, (EncoderCost("frames", "efficientnet-lite0", 0.01),))
TRIAL = replace(record(0), settings=replace(SETTINGS, head="rnn", streams=("frames",), epochs=3))
LINES: list[Line] = [
    SearchStart(identity="a", costs=COSTS),
    TRIAL,
    record(1, None, "pruned"),
    PartEnd(0),
    record(0, part=1),
    OuterFoldScores(1, (0, 3), (ClipScore("g", 1.0, 1.0),), (ClipScore("g", 0.0, 1.0),)),
]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A model whose search was killed."""
    output = tmp_path / "best.safetensors"
    with open_journal(output, "a") as journal:
        for line in LINES:
            journal.add(line)
    return output


def test_what_was_kept_is_found_again(output: Path) -> None:
    with open_journal(output, "a") as journal:
        assert journal.costs == COSTS
        assert journal.trials(0) == LINES[1:3]
        assert journal.trials(1) == [LINES[4]]
        assert journal.outer_folds == {1: LINES[5]}
        assert journal.has_ended(0)
        assert not journal.has_ended(1)
        assert journal.spent_s == 6.0


@pytest.mark.parametrize("cut", [1, 20])
def test_a_line_that_was_cut_off_costs_itself_alone(output: Path, cut: int) -> None:
    path = output.with_name("best.safetensors.tuning") / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    with open_journal(output, "a") as journal:
        assert journal.outer_folds == {}
        journal.add(LINES[5])
    with open_journal(output, "a") as journal:
        assert journal.trials(0) == LINES[1:3]
        assert journal.outer_folds == {1: LINES[5]}


def test_another_search_begins_anew(output: Path) -> None:
    (output.with_name("best.safetensors.tuning") / "part-0-defaults").mkdir()
    with open_journal(output, "b") as journal:
        assert (journal.costs, journal.trials(0)) == (None, [])
        assert [path.name for path in journal.folder.iterdir()] == ["journal.jsonl"]


def test_two_searches_cannot_write_one_model(output: Path) -> None:
    with open_journal(output, "a"), pytest.raises(OutputError, match="another process"), open_journal(output, "a"):
        pass


def test_it_is_gone_when_the_model_is_written(output: Path) -> None:
    with open_journal(output, "a") as journal:
        journal.remove()
    assert not output.with_name("best.safetensors.tuning").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"), open_journal(tmp_path / "file" / "m.safetensors", "a"):
        pass
