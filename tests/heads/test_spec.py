"""What a model says about itself: written and read again, and refused where it is impossible."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from heads.example_specs import ENCODER, external_stream, mixed_spec, pooled_spec, step_spec, stream, window_spec
from test_stream_spec import EXTERNAL, KNOWN
from vidlabel.heads.config import HeadConfig
from vidlabel.heads.spec import ModelSpec, NewerVersionError
from vidlabel.stream_spec import EncoderInfo, StreamSpec, TensorInfo, TunedEncoder

SPECS = [step_spec(), window_spec(), pooled_spec(), mixed_spec()]


def _changed(path: str, value: object, spec: ModelSpec | None = None) -> str:
    """The JSON of `spec` with another value at a path like `members.0.head.layers`."""
    content = json.loads((spec or step_spec()).to_json())
    *parents, last = path.split(".")
    place: Any = content
    for parent in parents:
        place = place[int(parent) if parent.isdecimal() else parent]
    place[last] = value
    return json.dumps(content)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_what_is_written_is_read(spec: ModelSpec) -> None:
    assert ModelSpec.from_json(spec.to_json()) == spec


def test_the_text_is_plain_json_with_the_version() -> None:
    content = json.loads(pooled_spec().to_json())
    assert content["schema"] == "vidlabel.model/1"
    assert content["labels"] == ["fight", "shout"]
    assert content["members"][0]["head"]["kind"] == "gru"
    assert content["window_s"] == 2.0
    assert content["background"] is None


def test_the_order_of_free_content_does_not_change_the_text() -> None:
    one = replace(step_spec(), data={"videos": 3, "hours": 1.5})
    other = replace(step_spec(), data={"hours": 1.5, "videos": 3})
    assert one.to_json() == other.to_json()


def test_fields_with_a_default_may_be_missing() -> None:
    content = json.loads(step_spec().to_json())
    for name in ("description", "command", "projected_sizes", "window_s", "data", "training", "output_labels"):
        del content[name]
    assert ModelSpec.from_json(json.dumps(content)) == step_spec()


def test_keys_of_later_additions_are_ignored() -> None:
    assert ModelSpec.from_json(_changed("colour", "red")) == step_spec()
    assert ModelSpec.from_json(_changed("members.0.head.colour", {"red": 1})) == step_spec()


@pytest.mark.parametrize("schema", ["vidlabel.model/2", "vidlabel.model/10"])
def test_a_newer_version_is_refused(schema: str) -> None:
    with pytest.raises(NewerVersionError, match=r"newer vidlabel .*; this one reads vidlabel\.model/1\)"):
        ModelSpec.from_json(_changed("schema", schema))


@pytest.mark.parametrize("schema", [None, 1, "vidlabel.model", "vidlabel.result/1", "vidlabel.model/one"])
def test_what_names_no_version_is_refused(schema: object) -> None:
    with pytest.raises(ValueError, match="version"):
        ModelSpec.from_json(_changed("schema", schema))


@pytest.mark.parametrize(("path", "value", "message"), [
    ("name", 3, "name must be text, not 3"),
    ("name", "", "name must be 1 to 200"),
    ("name", "a\nb", "printable"),
    ("labels", "walk", "labels must be a list, not 'walk'"),
    ("labels", ["walk", 4, "x"], r"labels\[1\] must be text"),
    ("labels", ["walk", "fall"], "thresholds must be one for each of the 2 labels, not 3"),
    ("labels", ["walk", "fall", "walk"], "twice"),
    ("labels", [], "no labels"),
    ("labels", ["walk", "fall", "\ud800"], "printable"),
    ("task", "triple", "task must be single or multi or binary, not 'triple'"),
    ("task", "binary", "one label"),
    ("members.0.head", [], r"members\[0\]\.head must be an object, not a list"),
    ("members.0.head.kind", "transformer", r"members\[0\]\.head.kind must be"),
    ("members.0.head.layers", True, r"members\[0\]\.head.layers must be a whole number, not True"),
    ("members.0.head.layers", 2.0, r"members\[0\]\.head.layers must be a whole number"),
    ("members.0.head.layers", 0, "layers must lie"),
    ("members.0.head.layers", 10**9, "layers must lie"),
    ("members.0.head.hidden_size", 10**15, "hidden_size must lie"),
    ("members.0.head.input_size", 5, "head.input_size must be 6"),
    ("members.0.head.outputs", 4, "as many outputs"),
    ("members.0.head.activation", "relu", "no choice of activation"),
    ("members.0.head.dropout", 1.0, "dropout"),
    ("members.0.head.bidirectional", 1, "must be true or false"),
    ("members.0.head.bidirectional", True, "needs window_s"),
    ("members.0.head.scaled_identity", 0.5, "relu rnn"),
    ("members.0.head.initial_state", "first-input", "scaled identity"),
    ("streams", [], "streams"),
    ("streams.0.encoder.sha256", "0" * 63, "SHA-256"),
    ("streams.0.encoder", [], r"streams\[0\]\.encoder must be an object, not a list"),
    ("streams.0.pictures.scale", 0, "scale"),
    ("streams.0.pictures.short_side", 1, "short_side"),
    ("streams.0.pictures.view", "corner", r"streams\[0\]\.pictures\.view must be"),
    ("streams.0.name", "Smell", "lower-case"),
    ("streams.0.size", 5, "head.input_size must be 5"),
    ("streams.0.size", "6", r"streams\[0\]\.size must be a whole number"),
    ("streams", ["frames"], r"streams\[0\] must be an object, not 'frames'"),
    ("rate", "4", "rate must be a number, not '4'"),
    ("rate", 0, "rate"),
    ("rate", 10**19, "rate"),
    ("members.0.temperature", 0, "temperature"),
    ("members.0.weight", 0, "weight"),
    ("members.0.role", "leader", "role must be"),
    ("members.0.role", "background", "a member must distinguish the labels"),
    ("members.0.resampled_steps", 3, "needs pooled_parts"),
    ("members", [], "1 to 64 members"),
    ("thresholds", [0.5, 0.5, 1.5], "thresholds must lie"),
    ("minimum_durations_s", [0, 0, -1], "negative"),
    ("background", 3, "background"),
    ("background", -1, "background"),
    ("output_labels", [0, 1, 1], "every label"),
    ("output_labels", [0, 1, 3], "every label"),
    ("output_labels", [0, 1], "each output"),
    ("window_s", 2.0, "no window"),
    ("members.0.pooled_parts", 3, "as many outputs"),
    ("members.0.pooled_parts", 2, "equal for all parts"),
    ("metrics", [], "metrics must be an object"),
    ("metrics", {"a": "\udfff"}, "no Unicode"),
    ("description", "a\x1b[2J", "printed"),
])  # fmt: skip
def test_impossible_values_are_refused_by_name(path: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelSpec.from_json(_changed(path, value))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"schema": "vidlabel.model/1"}', '"vidlabel.model/1"'])
def test_what_is_no_description_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ModelSpec.from_json(text)


@pytest.mark.parametrize(("written", "instead", "message"), [
    ('"rate":4.0', '"rate":NaN', "NaN"),
    ('"rate":4.0', '"rate":1e999', "too large"),
    ('"rate":4.0', '"rate":' + "9" * 5000, "too large"),
    ('"rate":4.0', '"rate":4.0,"rate":5.0', "twice"),
    ('"data":{}', '"data":' + '{"a":' * 40 + "1" + "}" * 40, "nested"),
    ('"data":{}', '"data":' + '{"a":' * 100_000 + "1" + "}" * 100_000, "nested"),
    ('"data":{}', '"data":' + "[" * 100_000, "nested"),
])  # fmt: skip
def test_hostile_json_is_refused(written: str, instead: str, message: str) -> None:
    text = step_spec().to_json()
    assert written in text
    with pytest.raises(ValueError, match=message):
        ModelSpec.from_json(text.replace(written, instead))


def test_a_window_has_its_limit() -> None:
    with pytest.raises(ValueError, match="20000 samples"):
        replace(window_spec(), window_s=1e6)


def test_free_content_must_have_a_form_in_json() -> None:
    with pytest.raises(ValueError, match="nan"):
        replace(step_spec(), metrics={"accuracy": float("nan")})
    with pytest.raises(ValueError, match="JSON does not have"):
        replace(step_spec(), training={"when": object()})
    with pytest.raises(ValueError, match="key"):
        replace(step_spec(), data={"videos": {1: "a"}})


def test_a_mean_head_is_plain() -> None:
    with pytest.raises(ValueError, match="one direction"):
        HeadConfig(kind="mean", input_size=3, hidden_size=3, outputs=2, bidirectional=True)
    with pytest.raises(ValueError, match="as many hidden"):
        HeadConfig(kind="mean", input_size=3, hidden_size=4, outputs=2)


@pytest.mark.parametrize(("path", "value", "message"), [
    ("members.0.head.input_size", 5, "head.input_size must be 4"),
    ("projected_sizes", [4], "one for each stream"),
    ("projected_sizes", [4, 0], "must lie above 0"),
    ("members.0.streams", ["frames"], "head.input_size must be 3"),
    ("members.0.streams", [], "looks at no stream"),
    ("members.0.streams", ["sound"], "a stream that the model does not name"),
    ("members.0.streams", ["motion", "frames"], "in another order"),
    ("members.0.head.gated_sizes", [2, 2], "gated_sizes must be those"),
    ("members.0.modality_dropout", 1.0, "modality_dropout must lie"),
    ("projected_sizes", None, "head.input_size must be 6"),
    ("members.1.head.outputs", 9, "as many outputs as each other"),
    ("members.3.head.outputs", 6, "background members"),
    ("members.3.pooled_parts", None, "all members must be pooled"),
    ("background", 1, "background last"),
    ("background", None, "background last"),
    ("task", "multi", "single-label"),
    ("output_labels", [0, 1], "for each label"),
    ("window_s", None, "needs window_s"),
])  # fmt: skip
def test_members_that_do_not_fit_each_other_are_refused(path: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelSpec.from_json(_changed(path, value, mixed_spec()))


def test_streams_may_be_of_any_size_and_encoder() -> None:
    text = StreamSpec(name="text", size=1, encoder=EncoderInfo(name="minilm", sha256="5" * 64))
    spec = replace(step_spec(), streams=(stream("motion", 5, lag_s=0.1), text))
    assert ModelSpec.from_json(spec.to_json()) == spec
    assert spec.columns == {"motion": slice(0, 5), "text": slice(5, 6)}
    assert (spec.feature_size, spec.stream_names) == (6, ("motion", "text"))
    assert spec.encoder_title == "efficientnet-lite0 + minilm"
    assert (spec.is_external, pooled_spec().encoder_title) == (False, "efficientnet-lite0")


@given(st.lists(KNOWN | EXTERNAL, min_size=1, max_size=4, unique_by=lambda one: one.name))
def test_streams_of_any_kind_are_read_as_written(streams: list[StreamSpec]) -> None:
    assume(sum(one.size for one in streams) <= 1 << 20)
    sizes = (6 - len(streams) + 1, *(1 for _ in streams[1:]))
    spec = replace(step_spec(), streams=tuple(streams), projected_sizes=sizes)
    assert ModelSpec.from_json(spec.to_json()) == spec
    assert spec.feature_size == sum(one.size for one in streams)
    assert list(spec.columns) == [one.name for one in streams]


def test_streams_may_come_from_elsewhere() -> None:
    spec = replace(step_spec(), streams=(external_stream(),))
    assert ModelSpec.from_json(spec.to_json()) == spec
    assert (spec.is_external, spec.encoder_title) == (True, "unknown")


def test_a_stream_may_stand_there_once() -> None:
    with pytest.raises(ValueError, match="each once"):
        replace(pooled_spec(), streams=(stream(size=3), stream(size=3)))


def test_an_encoder_that_streams_share_is_tuned_once() -> None:
    tuned = TunedEncoder(blocks=1, sha256="0f" * 32, tensors=(TensorInfo(name="head.bias", shape=(5,)),))
    frames, motion = (replace(one, encoder=replace(ENCODER, tuned=tuned)) for one in pooled_spec().streams)
    assert replace(pooled_spec(), streams=(frames, motion)).tuned_encoders == (tuned,)
    other = replace(tuned, sha256="1f" * 32)
    unlike = replace(motion, encoder=replace(ENCODER, tuned=other))
    assert replace(pooled_spec(), streams=(unlike, frames)).tuned_encoders == (other, tuned)


def going_on(**values: object) -> ModelSpec:
    """A multi-label model, three labels with the thresholds 0.5, 0.25 and 0."""
    return replace(step_spec(), **{"task": "multi", "background": None, **values})  # type: ignore[arg-type]


def test_how_labels_go_on_is_kept() -> None:
    spec = going_on(staying_thresholds=(0.4, 0.25, 0.0), closed_gaps_s=(0.75, 0.0, 1.0))
    assert ModelSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"staying_thresholds": (0.5, 0.25)}, "staying_thresholds must be one for each label"),
        ({"staying_thresholds": (0.5, 0.3, 0.0)}, "staying_thresholds must lie between 0 and the thresholds"),
        ({"staying_thresholds": (-0.1, 0.0, 0.0)}, "staying_thresholds must lie between 0 and the thresholds"),
        ({"closed_gaps_s": (0.5,) * 4}, "closed_gaps_s must be one for each label"),
        ({"closed_gaps_s": (0.5, -1.0, 0.0)}, "closed_gaps_s must not be negative"),
        ({"task": "single", "closed_gaps_s": (0.5, 0.5, 0.5)}, "not single-label"),
    ],
)
def test_rules_of_going_on_that_no_model_can_have_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        going_on(**values)
