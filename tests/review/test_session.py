"""Changes of segments: what is refused, what is undone, and that a record of them gives the same state again."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.errors import OutputError, UsageError
from vidlabel.review.segments import ReviewSegment, SegmentEdit
from vidlabel.review.session import Change, ReviewSession, StaleRevisionError, uncertainty_order

LEFT = ReviewSegment(0, 0.2, 1.0, "left", score=0.93)
RIGHT = ReviewSegment(1, 1.2, 2.0, "right", score=0.52)
Session = tuple[ReviewSession, list[Change]]


def session() -> Session:
    recorded: list[Change] = []
    return ReviewSession([[LEFT, RIGHT], []], recorded.append), recorded


def shown(reviewed: ReviewSession, video: int = 0) -> list[tuple[float | None, float | None, str, str, str | None]]:
    return [(own.start, own.end, own.label, own.status, own.reviewer) for own in reviewed.segments(video)]


def test_segments_are_confirmed_corrected_added_and_deleted() -> None:
    reviewed, _ = session()
    reviewed.correct(0, 0, 0, SegmentEdit(0.2, 1.0, "left"), "Ann", 3.0)
    reviewed.correct(1, 0, 1, SegmentEdit(1.24, 2.0, "right"), "Ann", 3.0)
    reviewed.add(2, 0, SegmentEdit(2.0, 9.0, " jump "), "Bob", 3.0)
    assert shown(reviewed) == [
        (0.2, 1.0, "left", "confirmed", "Ann"),
        (1.24, 2.0, "right", "corrected", "Ann"),
        (2.0, 3.0, "jump", "added", "Bob"),  # cut to the end of the video
    ]
    reviewed.delete(3, 0, 1)
    assert [row[2] for row in shown(reviewed)] == ["left", "jump"]
    assert reviewed.labels == ("left", "right", "jump", "background")
    assert (reviewed.revision, reviewed.counts(0), reviewed.counts(1)) == (4, (2, 2), (0, 0))


def test_a_confirmed_segment_that_is_confirmed_again_keeps_its_kind() -> None:
    reviewed, _ = session()
    reviewed.correct(0, 0, 0, SegmentEdit(0.2, 1.0, "jump"), "Ann", None)
    reviewed.correct(1, 0, 0, SegmentEdit(0.2, 1.0, "jump"), "Bob", None)
    assert shown(reviewed)[0] == (0.2, 1.0, "jump", "corrected", "Bob")


def test_changes_are_undone_and_made_again() -> None:
    reviewed, _ = session()
    before = shown(reviewed)
    reviewed.delete(0, 0, 0)
    reviewed.add(1, 1, SegmentEdit(None, None, "background"), "Ann", None)
    after = shown(reviewed), shown(reviewed, 1)
    assert reviewed.undo(2).video == 1
    assert reviewed.undo(3).video == 0
    assert (shown(reviewed), shown(reviewed, 1)) == (before, [])
    assert not reviewed.can_undo
    with pytest.raises(UsageError, match="no change to undo"):
        reviewed.undo(4)
    reviewed.redo(4)
    reviewed.redo(5)
    assert (shown(reviewed), shown(reviewed, 1)) == after
    with pytest.raises(UsageError, match="no change was undone"):
        reviewed.redo(6)


def test_a_change_after_undoing_forgets_what_was_undone() -> None:
    reviewed, _ = session()
    reviewed.delete(0, 0, 0)
    reviewed.undo(1)
    reviewed.delete(2, 0, 1)
    assert not reviewed.can_redo


def test_who_has_not_seen_the_latest_change_makes_none() -> None:
    reviewed, recorded = session()
    reviewed.delete(0, 0, 0)
    with pytest.raises(StaleRevisionError):
        reviewed.delete(0, 0, 1)
    for undone in (reviewed.undo, reviewed.redo):
        with pytest.raises(StaleRevisionError):
            undone(0)
    assert len(recorded) == 1


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (SegmentEdit(0.5, 1.5, "left"), "overlaps 'left' \\(0.200 to 1.000 s\\)"),
        (SegmentEdit(None, None, "left"), "overlaps 'left'"),
        (SegmentEdit(0.0, 9.0, "Background"), "overlaps 'left'"),
        (SegmentEdit(2.0, 2.0, "left"), "not after its start"),
        (SegmentEdit(2.0, 1.5, "left"), "not after its start"),
        (SegmentEdit(5.0, 6.0, "jump"), "ends after the video, which lasts 3.000 s"),
        (SegmentEdit(1.0, None, "jump"), "one time without the other"),
        (SegmentEdit(2.0, 2.5, " "), "label must be"),
        (SegmentEdit(2.0, 2.5, "a\nb"), "label must be"),
        (SegmentEdit(2.0, 2.5, "a" * 201), "label must be"),
    ],
)
def test_what_train_could_not_read_is_refused(edit: SegmentEdit, problem: str) -> None:
    reviewed, recorded = session()
    with pytest.raises(UsageError, match=problem):
        reviewed.add(0, 0, edit, "Ann", 3.0)
    assert (recorded, reviewed.revision) == ([], 0)


@pytest.mark.parametrize("edit", [SegmentEdit(0.5, 1.5, "jump"), SegmentEdit(0.95, 1.1, "left")])
def test_other_labels_may_overlap_and_rounded_times_too(edit: SegmentEdit) -> None:
    reviewed, _ = session()
    reviewed.add(0, 0, edit, "Ann", 3.0)
    assert reviewed.counts(0) == (1, 3)


def test_what_cannot_be_recorded_is_not_made() -> None:
    def full(change: Change) -> None:
        raise OutputError("day.csv", "cannot be written (No space left on device)")

    reviewed = ReviewSession([[LEFT]], full)
    with pytest.raises(OutputError):
        reviewed.delete(0, 0, 0)
    assert (shown(reviewed)[0][2], reviewed.revision) == ("left", 0)


def test_the_least_certain_come_first() -> None:
    done = ReviewSegment(3, 0, 1, "left", "confirmed", "Ann", 0.5)
    unscored = ReviewSegment(4, 0, 1, "jump")
    ordered = sorted([done, unscored, LEFT, RIGHT], key=uncertainty_order)
    assert ordered == [RIGHT, LEFT, unscored, done]


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["add", "correct", "delete", "undo", "redo"]),
        st.integers(0, 1),
        st.integers(0, 5),
        st.integers(0, 20),
        st.integers(1, 5),
        st.sampled_from(["left", "right", "background"]),
    ),
    max_size=30,
)


@given(ACTIONS)
def test_recorded_changes_give_the_same_state(actions: list[tuple[str, int, int, int, int, str]]) -> None:
    reviewed, recorded = session()
    for name, video, number, start, length, label in actions:
        edit = SegmentEdit(start / 10, (start + length) / 10, label)
        with contextlib.suppress(UsageError):
            if name == "add":
                reviewed.add(reviewed.revision, video, edit, "Ann", None)
            elif name == "correct":
                reviewed.correct(reviewed.revision, video, number, edit, "Ann", None)
            elif name == "delete":
                reviewed.delete(reviewed.revision, video, number)
            else:
                getattr(reviewed, name)(reviewed.revision)
    again, _ = session()
    for change in recorded:
        again.replay(change)
    assert [again.segments(video) for video in range(2)] == [reviewed.segments(video) for video in range(2)]
    assert (again.can_undo, again.can_redo, again.labels) == (reviewed.can_undo, reviewed.can_redo, reviewed.labels)
    while again.can_undo:
        again.undo(again.revision)
    assert [again.segments(video) for video in range(2)] == [(LEFT, RIGHT), ()]
