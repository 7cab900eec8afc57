"""From heads to a model, where nothing was held out and where it was."""

from __future__ import annotations

import pytest

from training.learnable import coloured_clips, gathered, timed_videos
from vidlabel.training.fitting.ensemble import (
    UNDECIDED,
    TrainedMember,
    calibrated_members,
    decide,
    member_histories,
)
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.members import new_background_members, new_members
from vidlabel.training.fitting.plans import TaskShape
from vidlabel.training.fitting.thresholds import UNKNOWN_FOOTAGE
from vidlabel.training.options import TrainOptions

PROBLEM = TaskShape(inputs=3, classes=2, whole=True, updates=10)
HISTORY = (EpochFigures(1.0, 0.5),)


def trained() -> list[TrainedMember]:
    options = TrainOptions(hidden=2, members=3)
    members = [*new_members(options, PROBLEM), *new_background_members(options, PROBLEM)]
    return [TrainedMember(member.plan, member.build(), HISTORY) for member in members]


def test_without_clips_held_out_forms_share_evenly() -> None:
    heads = trained()
    assert [one.plan.form for one in heads] == ["recurrent"] * 3 + ["linear"] + ["background"] * 3
    assert [one.knows_background for one in heads] == [False] * 4 + [True] * 3
    members = calibrated_members(heads, None, "single")
    assert [member.weight for member in members] == pytest.approx([1 / 6] * 3 + [1 / 2] + [1 / 3] * 3)
    assert {member.temperature for member in members} == {1.0}


def test_without_clips_held_out_thresholds_are_those_that_need_none() -> None:
    clips = gathered(coloured_clips(4), ("blue", "red"))
    assert decide(clips, None, knows_background=True).thresholds == (UNKNOWN_FOOTAGE,) * 2
    assert decide(clips, None, knows_background=False).thresholds == (0.0, 0.0)
    own = gathered(coloured_clips(4), ("blue", "red"), task="multi")
    assert decide(own, None, knows_background=False).thresholds == (UNDECIDED,) * 2
    timed = gathered(timed_videos(2), ("red",), task="binary", unlabelled="background")
    found = decide(timed, None, knows_background=False)
    assert (found.thresholds, found.minimum_durations_s) == ((0.5,), (0.0,))


def test_histories_are_told_by_head() -> None:
    found = member_histories(trained(), None)
    assert [name.rpartition("-")[0] for name in found] == ["recurrent"] * 3 + ["linear"] + ["background"] * 3
    assert set(found.values()) == {HISTORY}
