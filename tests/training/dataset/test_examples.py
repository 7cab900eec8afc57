"""Which labels an example has."""

from __future__ import annotations

import pytest

from training.sets import example
from vidlabel.training.dataset.examples import BACKGROUND, Example, Span


@pytest.mark.parametrize(
    ("one", "labels", "split"),
    [
        (example("v", Span(0, 1, "b"), Span(1, 2, "b"), clip=("a", "c")), {"a", "b", "c"}, {"a", "b", "c"}),
        (example("v", Span(0, 1, BACKGROUND), Span(1, 2, "b")), {"b"}, {"b"}),
        (example("v", clip=(BACKGROUND,)), set(), {BACKGROUND}),
        (example("v"), set(), {BACKGROUND}),
    ],
)
def test_background_is_a_label_only_where_it_is_all_there_is(one: Example, labels: set[str], split: set[str]) -> None:
    assert one.labels == labels
    assert one.split_labels == split
