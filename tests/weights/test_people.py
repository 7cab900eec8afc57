"""The shipped model `people`: what it says about drawn people, and about bottles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

import vidlabel
from features.drawn_people import SHIRT, drawn, standing
from features.streams.stick_figures import people, row
from vidlabel.features.streams.pose import PoseStage
from vidlabel.heads.model import Model, load_model
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.segments import segment_builder

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders")

BOTTLES = Path(__file__).parents[2] / "examples" / "bottle-detection.mp4"
RATE = 4
UPRIGHT = standing(200, 160, 40)
FLAT = (UPRIGHT - UPRIGHT.mean(axis=0))[:, ::-1] + (220, 160)

Segments = list[tuple[str, float, float]]


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("people")


def found(model: Model, samples: list[npt.NDArray[np.float32]]) -> Segments:
    """The segments of (6 * 56) people, four samples a second, the last one to the end."""
    times = np.arange(len(samples)) / RATE
    scorer, builder = make_scorer(model), segment_builder(model.spec)
    features = PoseStage().push(np.stack(samples), times)
    builder.push(times, np.concatenate([scorer.push(features), scorer.finish()]))
    return [(segment.label, segment.start, segment.end) for segment in builder.finish(len(samples) / RATE)]


def stands(score: float, seconds: float = 1.0) -> list[npt.NDArray[np.float32]]:
    return [people(row(UPRIGHT, score=score))] * round(seconds * RATE)


def lies(score: float, seconds: float) -> list[npt.NDArray[np.float32]]:
    return [people(row(FLAT, score=score))] * round(seconds * RATE)


def nobody(seconds: float) -> list[npt.NDArray[np.float32]]:
    return [people()] * round(seconds * RATE)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (stands(0.6), [(0.0, 1.0)]),
        (stands(0.45, 5.0), []),  # as sure as of a bottle
        (stands(0.6) + stands(0.3), [(0.0, 2.0)]),
        (stands(0.3) + stands(0.6), [(1.0, 2.0)]),
        (stands(0.6) + stands(0.2), [(0.0, 1.0)]),
        (stands(0.6) + nobody(0.75) + stands(0.6), [(0.0, 2.75)]),
        (stands(0.6) + nobody(1.0) + stands(0.6), [(0.0, 1.0), (2.0, 3.0)]),
        (stands(0.6, 0.25) + nobody(2.0), []),
        (nobody(3.0), []),
    ],
)
def test_a_person_begins_where_sure_and_stays_while_likely(
    model: Model, samples: list[npt.NDArray[np.float32]], expected: list[tuple[float, float]]
) -> None:
    assert found(model, samples) == [("person", *times) for times in expected]


def test_who_lies_for_long_enough_is_said_to_lie(model: Model) -> None:
    assert found(model, stands(0.6) + lies(0.6, 2.0)) == [("person", 0.0, 3.0), ("lying", 1.0, 3.0)]
    assert found(model, stands(0.6) + lies(0.6, 1.25) + stands(0.6)) == [("person", 0.0, 3.25)]
    both = [people(row(UPRIGHT, score=0.6), row(FLAT, score=0.5))] * 8
    assert found(model, both) == [("lying", 0.0, 2.0), ("person", 0.0, 2.0)]


def grey_then_somebody() -> Iterator[npt.NDArray[np.uint8]]:
    """Ten pictures a second: nobody for 2 s, somebody for 2 s, nobody for 1 s."""
    empty = drawn(240, 320)
    yield from [empty] * 20
    yield from [drawn(240, 320, (standing(125, 160, 50), SHIRT))] * 20
    yield from [empty] * 10


def test_a_drawn_person_is_found_in_a_video(tmp_path: Path) -> None:
    path = tmp_path / "visit.mp4"
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("libx264", rate=10, options={"crf": "15"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for rgb in grey_then_somebody():
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        sink.mux(stream.encode(None))
    (segment,) = vidlabel.predict(str(path), model="people").segments
    assert segment.label == "person"
    assert abs(segment.start - 2.0) <= 0.25
    assert abs(segment.end - 4.0) <= 0.25


def test_bottles_are_nobody() -> None:
    """Of this stretch the pose encoder is surest that a bottle is a person: 0.44."""
    assert vidlabel.predict(str(BOTTLES), model="people", start=7.0, end=11.0).segments == ()
