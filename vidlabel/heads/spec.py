"""The model description in the header of a model file: everything but its tensors.

It stands as JSON under the key `vidlabel` of the metadata in the header of the safetensors file. All dataclasses check
themselves, so that a value that exists can be used.

A version may gain keys that do not change any score; keys that are not known are therefore ignored. Whatever changes
what a model computes needs a new version, and unknown versions are refused. Version 2 is for models with a tuned
encoder alone; all others are written as version 1.

Letters: D numbers in a feature (all streams one after the other), P head inputs, K head outputs, C labels.

A model has one or more members: heads that look at the same inputs. From features to scores, in this order:

    feature (D) - projection.mean, times projection.components  -> (P)   if `projection`
    for each member
        rows between the first and the last of the window       -> (P)   `resampled_steps` of them, if set
        head                                                    -> (K)   for each sample or step
        means of `pooled_parts` equal parts of the window       -> one row for the window, if `pooled_parts`
        times `weight`, divided by `temperature`
    sum over the members of each role
    softmax (single) or sigmoid                                 -> probabilities
    sum the outputs that belong to a label                      -> (C)   if `output_labels`

That sum is the weighted geometric mean of the members' probabilities, renormalised. Members with the role `background`
tell the labels from background, which those with the role `labels` do not know: see `vidlabel.heads.fusion`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vidlabel.columns import stream_columns
from vidlabel.heads.config import MAX_SIZE, MAX_WINDOW_SAMPLES, MemberRole, MemberSpec, require
from vidlabel.json_fields import dataclass_from_json
from vidlabel.json_text import LATER, check_json_object, parse_json, to_json

UNKNOWN = "unknown"
"""Name of the encoder of features that were made elsewhere."""
MAX_NAME_LENGTH = 200
MAX_TUNED_TENSORS = 512
MAX_BLOCKS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInfo:
    """Name and shape of a tensor."""

    name: str
    """Of the encoder: `blocks.15.project.weight`."""
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        fits = re.fullmatch(r"[a-z0-9_.]{1,100}", self.name) is not None
        require(fits, "encoder.tuned names a tensor as no encoder does")
        fits = 1 <= len(self.shape) <= 4 and all(1 <= size <= MAX_SIZE for size in self.shape)
        require(fits, f"encoder.tuned gives {self.name} an impossible shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedEncoder:
    """What of the encoder was tuned for the model; its file holds these tensors, float32."""

    blocks: int
    """How many of the last blocks; the convolution after them was tuned with them."""
    sha256: str
    """`vidlabel.tensor_files` of the tensors."""
    tensors: tuple[TensorInfo, ...]

    def __post_init__(self) -> None:
        require(1 <= self.blocks <= MAX_BLOCKS, f"encoder.tuned.blocks must lie between 1 and {MAX_BLOCKS}")
        require(re.fullmatch("[0-9a-f]{64}", self.sha256) is not None, "encoder.tuned.sha256 is no SHA-256")
        require(1 <= len(self.tensors) <= MAX_TUNED_TENSORS, "encoder.tuned names no tensors, or too many")
        require(len({tensor.name for tensor in self.tensors}) == len(self.tensors), "encoder.tuned names one twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderInfo:
    """Which frame encoder the model was trained on."""

    name: str
    """As the encoders are called in vidlabel: `efficientnet-lite0`."""
    sha256: str
    """Of the encoder's weights as published, 64 hexadecimal digits."""
    tuned: TunedEncoder | None = field(default=None, metadata={LATER: True})
    """None: the published weights are all that there is."""

    def __post_init__(self) -> None:
        check_name(self.name, "the encoder's name")
        require(re.fullmatch("[0-9a-f]{64}", self.sha256) is not None, "encoder.sha256 is no SHA-256")

    @property
    def is_known(self) -> bool:
        """Whether features can be computed as the model takes them; else they come in files."""
        return self.name != UNKNOWN

    @property
    def title(self) -> str:
        """Its name, and what was tuned: `efficientnet-lite0, last 2 blocks tuned`."""
        if self.tuned is None:
            return self.name
        blocks = "block" if self.tuned.blocks == 1 else f"{self.tuned.blocks} blocks"
        return f"{self.name}, last {blocks} tuned"


def check_name(text: str, what: str) -> None:
    """Names go to terminals, tables and file names: one line of printable text.

    Raises:
        ValueError: it is not.
    """
    fits = 0 < len(text) <= MAX_NAME_LENGTH and text.isprintable() and text == text.strip()
    require(fits, f"{what} must be 1 to {MAX_NAME_LENGTH} printable characters without spaces around them")


SCHEMA = "vidlabel.model/1"
TUNED_SCHEMA = "vidlabel.model/2"
"""Of models that hold weights of their encoder, which readers of version 1 would not use."""
Task = Literal["single", "multi", "binary"]
StreamName = Literal["frames", "motion", "audio", "text", "features"]
"""`features`: external features of unknown origin."""


class NewerVersionError(ValueError):
    """A model file has a version of the format that this vidlabel does not know."""


MAX_RATE = 1000.0
MAX_MEMBERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """How a frame becomes the encoder's input: resized, cropped, then (value - mean) / scale of the values 0 to 255."""

    short_side: int
    """Pixels."""
    crop: Literal["centre", "none"]
    """`centre`: the square in the middle; `none`: the whole frame."""
    mean: float
    scale: float
    resize_filter: Literal["area", "bilinear", "bicubic", "lanczos"]

    def __post_init__(self) -> None:
        require(16 <= self.short_side <= 4096, "short_side must lie between 16 and 4096 pixels")
        require(math.isfinite(self.mean), "preprocessing.mean must be finite")
        require(0 < self.scale < math.inf, "preprocessing.scale must lie above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model but for its numbers.

    Raises:
        ValueError: a value lies outside its range, or two do not fit each other.
    """

    name: str
    labels: tuple[str, ...]
    """C names, each another one."""
    task: Task
    """`single`: one label at a time, softmax. `multi`: each on its own, sigmoid. `binary`: one label that holds or not,
    sigmoid; two labels that exclude each other are `single`."""
    members: tuple[MemberSpec, ...]
    """All on the same inputs; all pooled, or none."""
    encoder: EncoderInfo
    preprocessing: Preprocessing
    feature_size: int
    """D. Without `projection` it is the heads' input size."""
    streams: tuple[StreamName, ...]
    """In the order in which their features are joined. The first sample of `motion`, without a frame before it, takes
    the features of the second."""
    decoder: str
    """That training used: `decord`, `pyav`."""
    rate: float
    """Samples per second."""
    thresholds: tuple[float, ...]
    """C scores, 0 to 1, at and above which a label may hold."""
    minimum_durations_s: tuple[float, ...]
    """C; shorter segments are left out."""
    licence: str
    created: str
    """Date or time, ISO 8601, given by whoever made the model."""
    description: str = ""
    command: str = ""
    """That made the model."""
    lag_s: float | None = None
    """How much earlier the frame is that the `motion` stream subtracts; None without that stream."""
    stream_sizes: tuple[int, ...] | None = field(default=None, metadata={LATER: True})
    """Numbers in a feature of each stream, D together; None: as many in all of them."""
    background: int | None = None
    """The label that means "nothing happens": it competes like the others and is never shown."""
    output_labels: tuple[int, ...] | None = None
    """For each output (after pooling) the label that its probability counts for; None: outputs are the labels."""
    projection: bool = False
    """Whether the file holds `projection.mean` (D,) and `projection.components` (P, D)."""
    window_s: float | None = None
    """Length of the windows that the heads run in if one looks ahead or is pooled; None: their state is carried."""
    metrics: Mapping[str, object] = field(default_factory=dict)
    """Any JSON: measured figures, and the split that they were measured on."""
    data: Mapping[str, object] = field(default_factory=dict)
    """Any JSON: what the model was trained on."""
    training: Mapping[str, object] = field(default_factory=dict)
    """Any JSON: options and history."""

    def __post_init__(self) -> None:
        self._check_texts()
        self._check_numbers()
        self._check_members()
        self._check_labels()
        self._check_streams()
        self._check_outputs()
        self._check_window()
        for name in ("metrics", "data", "training"):
            check_json_object(getattr(self, name), name)

    @property
    def schema(self) -> str:
        """The version of the format that it needs."""
        return SCHEMA if self.encoder.tuned is None else TUNED_SCHEMA

    @property
    def input_size(self) -> int:
        """P."""
        return self.members[0].head.input_size

    @property
    def columns(self) -> dict[str, slice]:
        """Where the features of each stream stand among the D numbers; features from elsewhere are one stream."""
        return stream_columns(self.streams, self.feature_size, self.stream_sizes)

    @property
    def shown_labels(self) -> tuple[str, ...]:
        """The labels that segments can have: all but the background."""
        return tuple(label for place, label in enumerate(self.labels) if place != self.background)

    @property
    def pooled(self) -> bool:
        """Whether scores belong to whole windows."""
        return self.members[0].pooled_parts is not None

    @property
    def head_name(self) -> str:
        """The kinds of its heads: `gru`, `gru+mean`."""
        return "+".join(dict.fromkeys(member.head.kind for member in self.members))

    def members_with(self, role: MemberRole) -> tuple[MemberSpec, ...]:
        """The members of a role, in their order."""
        return tuple(member for member in self.members if member.role == role)

    @staticmethod
    def from_json(text: str) -> ModelSpec:
        """Read what `to_json` wrote.

        Raises:
            NewerVersionError: another version of the format.
            ValueError: it is damaged or says something impossible.
        """
        content = parse_json(text)
        schema = content.get("schema") if isinstance(content, dict) else None
        if not isinstance(schema, str) or re.fullmatch(r"vidlabel\.model/[0-9]{1,9}", schema) is None:
            raise ValueError("it does not name the version of its format")
        if schema not in (SCHEMA, TUNED_SCHEMA):
            raise NewerVersionError(f"was made by a newer vidlabel ({schema}; this one reads up to {TUNED_SCHEMA})")
        spec = dataclass_from_json(ModelSpec, content, "")
        require(spec.schema == schema, f"a tuned encoder goes with {TUNED_SCHEMA}, and with no other version")
        return spec

    def to_json(self) -> str:
        """The text for the model file; the same for the same content."""
        text = to_json(self)
        return f'{{"schema":"{self.schema}",{text[1:]}'

    def _check_texts(self) -> None:
        check_name(self.name, "name")
        check_name(self.decoder, "decoder")
        for name in ("licence", "created", "description", "command"):
            text: str = getattr(self, name)
            readable = all(character.isprintable() or character in "\n\t" for character in text)
            require(readable, f"{name} holds characters that cannot be printed")

    def _check_numbers(self) -> None:
        require(1 <= self.feature_size <= MAX_SIZE, f"feature_size must lie between 1 and {MAX_SIZE}")
        require(0 < self.rate <= MAX_RATE, f"rate must lie above 0 and at most at {MAX_RATE:g}")

    def _check_members(self) -> None:
        require(1 <= len(self.members) <= MAX_MEMBERS, f"there must be 1 to {MAX_MEMBERS} members")
        require(len(self.members_with("labels")) > 0, "a member must tell the labels from each other")
        require(len({m.head.input_size for m in self.members}) == 1, "members must have the same input_size")
        require(len({m.pooled_parts is None for m in self.members}) == 1, "all members must be pooled, or none")
        if not self.projection:
            same = self.feature_size == self.input_size
            require(same, "without a projection the head must take features as they are")

    def _check_labels(self) -> None:
        count = len(self.labels)
        require(1 <= count <= MAX_SIZE, "there are no labels")
        for label in self.labels:
            check_name(label, "a label")
        require(len(set(self.labels)) == count, "a label stands there twice")
        require(self.task != "binary" or count == 1, "a binary model has one label, the one that holds or not")
        for name in ("thresholds", "minimum_durations_s"):
            found = len(getattr(self, name))
            require(found == count, f"{name} must be one for each of the {count} labels, not {found}")
        require(all(0 <= threshold <= 1 for threshold in self.thresholds), "thresholds must lie between 0 and 1")
        durations = self.minimum_durations_s
        require(all(0 <= duration < math.inf for duration in durations), "minimum_durations_s must not be negative")
        require(self.background is None or 0 <= self.background < count, "background is no label's index")

    def _check_streams(self) -> None:
        require(len(set(self.streams)) == len(self.streams) > 0, "streams must be named, each once")
        if self.stream_sizes is not None:
            require(len(self.stream_sizes) == len(self.streams), "stream_sizes must be one for each stream")
            fits = min(self.stream_sizes) > 0 and sum(self.stream_sizes) == self.feature_size
            require(fits, "stream_sizes must be above 0, and feature_size together")
        if "motion" in self.streams:
            alike = self.stream_sizes is None
            require(not alike or self.feature_size % len(self.streams) == 0, "streams must have features of one size")
            require(self.lag_s is not None and 0 < self.lag_s <= 60, "the motion stream needs lag_s, above 0 to 60")
        else:
            require(self.lag_s is None, "lag_s is for the motion stream alone")

    def _check_outputs(self) -> None:
        learnt = len(self.labels)
        if self.members_with("background"):
            last = self.background == learnt - 1 > 0
            require(self.task == "single" and last, "background members need a single-label model, background last")
            require(self.output_labels is None, "background members have an output for each label")
            found = {member.window_outputs for member in self.members_with("background")}
            require(found == {learnt}, f"{learnt} labels need as many outputs of background members")
            learnt -= 1
        outputs = {member.window_outputs for member in self.members_with("labels")}
        require(len(outputs) == 1, "members must have as many outputs as each other")
        if self.output_labels is None:
            require(outputs == {learnt}, f"{learnt} labels need as many outputs, not {max(outputs)}")
            return
        require(self.task == "single", "only a single-label model can sum outputs into labels")
        require(outputs == {len(self.output_labels)}, "output_labels must be one for each output")
        used = set(self.output_labels) == set(range(len(self.labels)))
        require(used, "output_labels must name every label, and no other")

    def _check_window(self) -> None:
        if not any(member.needs_window for member in self.members):
            require(self.window_s is None, "a head that neither looks ahead nor is pooled has no window")
            return
        if self.window_s is None:
            raise ValueError("a head that looks ahead or is pooled needs window_s")
        fits = 0 < self.window_s * self.rate <= MAX_WINDOW_SAMPLES
        require(fits, f"a window must hold at most {MAX_WINDOW_SAMPLES} samples")
