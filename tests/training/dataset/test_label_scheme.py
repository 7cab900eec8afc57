"""What labels mean together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.sets import example
from vidlabel.errors import UsageError
from vidlabel.heads.spec import Task
from vidlabel.training.dataset.examples import BACKGROUND, Example, LabelOptions, Span
from vidlabel.training.dataset.label_scheme import choose_task, infer_label_scheme, unlabelled_s


@pytest.mark.parametrize(
    ("asked", "labels", "overlap", "task"),
    [
        (None, ["a", "b"], False, "single"),
        (None, ["a", "b"], True, "multi"),
        (None, ["a"], False, "binary"),
        (None, ["a"], True, "multi"),
        ("single", ["a"], False, "single"),
        ("multi", ["a", "b"], False, "multi"),
    ],
)
def test_the_task_that_fits(asked: Task | None, labels: list[str], overlap: bool, task: Task) -> None:
    assert choose_task(asked, labels, overlap=overlap) == task


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)), max_size=6))
def test_time_without_a_row_is_what_no_second_of_a_row_covers(spans: list[tuple[int, int]]) -> None:
    own = sorted((start, min(start + length, 100)) for start, length in spans)
    seconds = set(range(100)).difference(*(range(start, end) for start, end in own))
    assert unlabelled_s(example("v", *(Span(*times, "a") for times in own), seconds=100)) == len(seconds)


def test_a_label_of_the_whole_leaves_no_time() -> None:
    assert unlabelled_s(example("v", clip=("a",))) == 0


def timed(end: float) -> list[Example]:
    """Two labels in a video of 100 s, the second up to `end`."""
    return [example("v", Span(0, 50, "b"), Span(50, end, "a"), seconds=100.0)]


def test_a_hundredth_without_a_row_is_background() -> None:
    assert infer_label_scheme(timed(99.0), None, None, overlap=False).labels == ("a", "b", "background")
    assert infer_label_scheme(timed(99.0), None, None, overlap=False).background == 2
    rounded = infer_label_scheme(timed(99.1), None, None, overlap=False)
    assert (rounded.labels, rounded.background, rounded.unlabelled) == (("a", "b"), None, "background")
    ignored = infer_label_scheme(timed(60.0), None, "ignore", overlap=False)
    assert (ignored.labels, ignored.unlabelled) == (("a", "b"), "ignore")


def test_background_that_is_named_is_a_class() -> None:
    clips = [example("a", clip=("x",)), example("b", clip=("y",)), example("c", clip=(BACKGROUND,))]
    found = infer_label_scheme(clips, None, None, overlap=False)
    assert (found.task, found.labels, found.background, found.unlabelled) == (
        "single",
        ("x", "y", "background"),
        2,
        None,
    )
    several = infer_label_scheme(clips, "multi", None, overlap=False)
    assert (several.labels, several.background) == (("x", "y"), None)


@pytest.mark.parametrize(
    ("negative", "positive"),
    [
        ("no", "fall"),
        ("Normal", "anomaly"),
        ("no_fall", "fall"),
        ("not fall", "Fall"),
        ("non-fight", "fight"),
        ("withoutFight", "fight"),
    ],
)
def test_the_label_that_only_says_no_becomes_background(negative: str, positive: str) -> None:
    clips = [example("a", clip=(negative,)), example("b", clip=(positive,)), example("c", Span(1, 2, negative))]
    found = infer_label_scheme(clips, "binary", None, overlap=False)
    assert (found.task, found.labels, found.background) == ("binary", (positive,), None)
    assert [one.clip_labels for one in found.examples] == [(BACKGROUND,), (positive,), ()]
    assert found.examples[2].spans == (Span(1, 2, BACKGROUND),)
    assert found.warnings == (f"label {negative!r} is taken to mean that {positive!r} does not hold",)


@pytest.mark.parametrize("labels", [("cat", "dog"), ("no", "fall", "walk"), ("snow", "now")])
def test_labels_that_are_no_yes_and_no_are_refused(labels: tuple[str, ...]) -> None:
    clips = [example(label, clip=(label,)) for label in labels]
    with pytest.raises(UsageError, match=f"{len(labels)} labels") as caught:
        infer_label_scheme(clips, "binary", None, overlap=False)
    assert "--positive LABEL" in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "positive"),
    [
        (("0", "1"), "1"),
        (("off", "on"), "on"),
        (("fall", "other"), "fall"),
        (("None", "fall"), "fall"),
        (("Not fall", "fall"), "fall"),
        (("fall", "no", "other"), "fall"),
        (("no", "yes"), "yes"),
    ],
)
def test_the_label_that_is_no_negative_is_taken(labels: tuple[str, ...], positive: str) -> None:
    clips = [example(label, clip=(label,)) for label in labels]
    found = infer_label_scheme(clips, "binary", None, overlap=False)
    assert found.labels == (positive,)
    assert [one.clip_labels for one in found.examples] == [
        (positive,) if label == positive else (BACKGROUND,) for label in labels
    ]


@pytest.mark.parametrize(
    ("labels", "warning"),
    [
        (("cat", "dog"), "label 'dog' is taken to mean that 'cat' does not hold"),
        (("no", "cat"), "label 'no' is taken to mean that 'cat' does not hold"),
        (("ape", "cat", "dog"), "2 labels are taken to mean that 'cat' does not hold"),
        (("Cat", "dog"), "no row has the label 'cat'; is it 'Cat'?"),
    ],
)
def test_the_user_names_the_label(labels: tuple[str, ...], warning: str) -> None:
    clips = [example("all", *(Span(n, n + 1, label) for n, label in enumerate(labels)))]
    found = infer_label_scheme(clips, "binary", None, overlap=False, positive="cat")
    assert (found.labels, found.warnings) == (("cat",), (warning,))
    assert [span.label == "cat" for span in found.examples[0].spans] == [label == "cat" for label in labels]


def test_a_positive_label_asks_for_a_binary_task() -> None:
    assert LabelOptions(positive="cat").wanted_task == "binary"
    with pytest.raises(UsageError, match=r"--positive: --task multi has several labels"):
        LabelOptions(positive="cat", task="multi")
