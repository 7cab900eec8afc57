"""The stream `pose`: what its numbers do not depend on, and what they show."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from features.drawn_people import drawn, standing
from features.encoders.movenet_reference import GREEN, RED
from features.streams.stick_figures import mirrored, moved, people, row
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.pipeline import FeaturePipeline, encode_samples
from vidlabel.features.streams.pose import LIKELIEST_SCORE, POSE_NUMBERS, WIDEST_BOX, PoseStage
from vidlabel.features.streams.registry import find_stream
from vidlabel.video.request import Sample

RATE = 8

Floats = npt.NDArray[np.float32]

# Where the numbers stand in a feature.
LARGER, SMALLER, TOGETHER, PRESENT, COUNTS = slice(0, 20), slice(20, 40), slice(40, 50), slice(50, 52), slice(52, 59)
MEAN, MOST = slice(59, 79), slice(79, 99)
HIP_SPEED, APART = 16, 48


def numbers(samples: Floats, pieces: tuple[int, ...] = (), rate: float = RATE) -> Floats:
    """The features of (T, 336) people, pushed in pieces that end there."""
    stage, times = PoseStage(), np.arange(len(samples)) / rate
    parts = zip(np.split(samples, pieces), np.split(times, pieces), strict=True)
    return np.concatenate([stage.push(*part) for part in parts])


def dance(seed: int = 0, count: int = 24, who: int = 2) -> Floats:
    """People who move their arms and legs and walk about; some are missed at times."""
    random = np.random.default_rng(seed)
    samples = []
    for step in range(count):
        rows = []
        for number in range(who):
            arms = (1.2 + np.sin(0.9 * step + number), 1.2 + np.cos(1.3 * step + 2 * number))
            joints = standing(200 + 3 * np.sin(step), 100 + 130 * number + 2 * step, 35 + 5 * number, arms, 0.3)
            joints += random.normal(0, 0.5, joints.shape)
            if random.random() > 0.15:
                rows.append(row(joints, score=0.4 + 0.1 * number))
        samples.append(people(*rows))
    return np.stack(samples)


@given(seed=st.integers(0, 20), who=st.integers(1, 4), pieces=st.sets(st.integers(1, 23)))
@settings(max_examples=15, deadline=None)
def test_pieces_change_no_bit(seed: int, who: int, pieces: set[int]) -> None:
    samples = dance(seed, who=who)
    assert numbers(samples, tuple(sorted(pieces))).tobytes() == numbers(samples).tobytes()


@given(
    seed=st.integers(0, 20),
    who=st.integers(1, 4),
    scale=st.floats(0.2, 5),
    shift=st.tuples(st.floats(-300, 300), st.floats(-300, 300)),
)
@settings(max_examples=15, deadline=None)
def test_place_and_size_change_nothing(seed: int, who: int, scale: float, shift: tuple[float, float]) -> None:
    samples = dance(seed, who=who)
    np.testing.assert_allclose(numbers(moved(samples, scale, shift)), numbers(samples), rtol=0, atol=2e-3)


@given(seed=st.integers(0, 20), who=st.integers(1, 4), width=st.floats(100, 2000))
@settings(max_examples=15, deadline=None)
def test_mirrored_people_have_the_same_numbers(seed: int, who: int, width: float) -> None:
    samples = dance(seed, who=who)
    np.testing.assert_allclose(numbers(mirrored(samples, width)), numbers(samples), rtol=0, atol=2e-3)


@given(seed=st.integers(0, 20), order=st.permutations(range(6)))
@settings(max_examples=15, deadline=None)
def test_the_order_of_people_changes_nothing(seed: int, order: list[int]) -> None:
    samples = dance(seed, who=3)
    shuffled = samples.reshape(-1, 6, 56)[:, order].reshape(len(samples), -1)
    np.testing.assert_allclose(numbers(shuffled), numbers(samples), rtol=0, atol=1e-5)


def test_earlier_numbers_do_not_depend_on_later_people() -> None:
    samples = dance()
    np.testing.assert_array_equal(numbers(samples[:10]), numbers(samples)[:10])


def test_nobody() -> None:
    found = numbers(np.zeros((3, 336), np.float32))
    assert found.shape == (3, POSE_NUMBERS) == (3, 99)
    expected = np.zeros(99)
    expected[COUNTS] = 0, 0, 0, 0, 8, 8, 0
    np.testing.assert_array_equal(found, np.tile(expected, (3, 1)))
    assert numbers(np.zeros((0, 336), np.float32)).shape == (0, 99)


def test_doubtful_people_are_nobody() -> None:
    joints = standing(200, 100, 40)
    found = numbers(np.stack([people(row(joints, score=0.14)), people(row(joints, score=0.15))]))
    assert found[0, PRESENT].tolist() == [0, 0]
    np.testing.assert_allclose(found[1, PRESENT], [0.15, 0])


def test_one_person_is_alone() -> None:
    samples = np.stack([people(row(standing(200, 100 + 2 * step, 40), 0.6)) for step in range(6)])
    found = numbers(samples)[-1]
    np.testing.assert_allclose(found[PRESENT], [0.6, 0])
    assert found[TOGETHER].tolist() == [0] * 10
    np.testing.assert_allclose(found[COUNTS], [1, 1, 0.6, 0.6, 8, 8, 0.8], rtol=1e-6)
    assert found[HIP_SPEED] == np.float32(2 * RATE / 40)
    np.testing.assert_allclose(found[MEAN], found[MOST])


def test_two_who_meet_and_one_who_runs() -> None:
    rows = [(row(standing(200, 100 + 8 * k, 40), 0.6), row(standing(200, 300, 40), 0.3)) for k in range(10)]
    found = numbers(np.stack([people(*both) for both in rows]))
    np.testing.assert_allclose(found[:, APART], (200 - 8 * np.arange(10)) / 40, rtol=1e-5)
    running = 8 * RATE / 40
    np.testing.assert_allclose(found[-1, [HIP_SPEED, 20 + HIP_SPEED, 49]], [running, 0, running], atol=1e-5)
    np.testing.assert_allclose(found[-1, 59 + HIP_SPEED], running * 0.6 / 0.9, rtol=1e-5)
    np.testing.assert_allclose(found[-1, 79 + HIP_SPEED], running, rtol=1e-5)
    np.testing.assert_allclose(found[-1, COUNTS][:2], [2, 1])


def test_somebody_who_leaves_is_remembered_for_a_second() -> None:
    one, other = row(standing(200, 100, 40), 0.6), row(standing(200, 200, 40), 0.5)
    found = numbers(np.stack([people(one, other), *[people(one)] * 12]))
    assert (found[:9, 44] > 0).all()
    np.testing.assert_allclose(found[1:9, PRESENT], [[0.6, 0]] * 8)
    assert (found[9:, TOGETHER] == 0).all()


def test_six_people_count() -> None:
    rows = [row(standing(200, 100 + 90 * number, 30), 0.25 + 0.1 * (number % 2)) for number in range(6)]
    found = numbers(np.stack([people(*rows)] * 3))[-1]
    np.testing.assert_allclose(found[COUNTS][:5], [6, 0, 1.8, 0.35, 3], rtol=1e-5)


@given(
    arrays.arrays(
        np.float32, (4, 336), elements=st.sampled_from([0.0, 1.0, -5.0, 0.15, 0.5, 100.0, 4000.0, 1e-20, -4000.0])
    )
)
@settings(max_examples=40, deadline=None)
def test_whatever_comes_numbers_are_finite(samples: Floats) -> None:
    found = numbers(samples)
    assert np.isfinite(found).all()
    assert np.isfinite(found.astype(np.float16)).all()  # the cache keeps these


def test_drawn_people_walk_through_the_pipeline() -> None:
    """From pixels: two people, one of whom raises the arms, seen plain and mirrored."""
    pictures = [
        drawn(
            224,
            320,
            (standing(118, 70 + 2 * step, 45, arms=(0.3 + 0.2 * step, 0.3 + 0.2 * step)), RED),
            (standing(118, 280, 45), GREEN),
        )
        for step in range(8)
    ]
    samples = [Sample(step / RATE, picture) for step, picture in enumerate(pictures)]
    pipeline = FeaturePipeline(FeatureConfig(), ("pose",), "cpu", threads=2)
    blocks = [FeatureBlock("pose", "whole"), FeatureBlock("pose", "whole-flipped"), FeatureBlock("pose", "right")]
    pieces = list(encode_samples(samples, pipeline.load(["pose"]), blocks, batch_size=3))
    plain, flipped, right = (np.concatenate([piece.blocks[number] for piece in pieces]) for number in range(3))
    assert plain.shape == flipped.shape == right.shape == (8, 99)
    np.testing.assert_allclose(plain[:, APART], (210 - 2 * np.arange(8)) / 45, atol=0.2)
    np.testing.assert_allclose(flipped[:, APART], plain[:, APART], atol=0.15)
    wrists_up = plain[:, 3]
    expected = -(0.55 * np.cos(0.3 + 0.2 * np.arange(8)) + 0.5 * np.cos(1.3 * (0.3 + 0.2 * np.arange(8))))
    np.testing.assert_allclose(wrists_up, expected, atol=0.25)
    np.testing.assert_allclose(plain[:, COUNTS][:, 0], 2)
    np.testing.assert_allclose(right[:, COUNTS][:, 0], 1)


def test_a_model_of_other_people_is_refused() -> None:
    """Each thing that would give other numbers without a word."""
    stream = find_stream("pose")
    spec = stream.describe(FeatureConfig(short_side=160), "whole")
    assert (spec.name, spec.size) == ("pose", POSE_NUMBERS)
    assert stream.problem(spec) is None
    assert spec.encoder is not None
    assert spec.pictures is not None
    assert (spec.pictures.short_side, spec.pictures.view) == (160, "whole")
    others = {
        "does not say of what pictures": replace(spec, pictures=None),
        r"99 numbers of movenet-multipose-lightning \(abababab\), and": replace(
            spec, encoder=replace(spec.encoder, sha256="ab" * 32)
        ),
        "98 numbers of movenet": replace(spec, size=98),
        "pixels scaled in another way": replace(spec, pictures=replace(spec.pictures, mean=127.0)),
        "the filter area": replace(spec, pictures=replace(spec.pictures, resize_filter="area")),
        "compared with earlier ones": replace(spec, pictures=replace(spec.pictures, lag_s=0.1)),
    }
    for problem, wanted in others.items():
        assert re.search(problem, stream.problem(wanted) or "")


def test_the_cache_key_holds_what_changes_people_and_nothing_else() -> None:
    config = FeatureConfig(runtime="torch")
    key = find_stream("pose").cache_key(config, "whole")
    same = [replace(config, lag_s=0.2), replace(config, encoder="efficientnet-lite1")]
    assert {find_stream("pose").cache_key(other, "whole") for other in same} == {key}
    changed = [replace(config, rate=3.0), replace(config, short_side=160), replace(config, decoder="pyav")]
    keys = {key, find_stream("pose").cache_key(config, "centre")}
    assert len(keys | {find_stream("pose").cache_key(other, "whole") for other in changed}) == 5


def test_the_likeliest_score_and_the_widest_box_stand_where_models_look_for_them() -> None:
    """Nobody, one who stands, and one who stands with one who lies."""
    upright = standing(200, 100, 40)
    flat = (upright - upright.mean(axis=0))[:, ::-1] + (300, 300)
    samples = np.stack(
        [people(), people(row(upright, score=0.6)), people(row(upright, score=0.6), row(flat, score=0.4))]
    )
    found = numbers(samples)
    boxes = [samples[2, start : start + 56][51:55] for start in (0, 56)]
    wide = [np.log((right - left) / (bottom - top)) for top, left, bottom, right in boxes]
    np.testing.assert_allclose(found[:, LIKELIEST_SCORE], [0, 0.6, 0.6], rtol=1e-6)
    np.testing.assert_allclose(found[:, WIDEST_BOX], [0, wide[0], wide[1]], rtol=1e-5)
    assert wide[0] < 0 < wide[1]
