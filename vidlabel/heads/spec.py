"""The model description in the header of a model file: everything but its tensors.

It stands as JSON under the key `vidlabel` of the metadata in the header of the safetensors file. All dataclasses check
themselves, so that a value that exists can be used.

A version may gain keys that do not change any score; keys that are not known are therefore ignored. Whatever changes
what a model computes needs a new version, and unknown versions are refused.

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

from vidlabel.checks import MAX_SIZE, check_name, require
from vidlabel.heads.config import MAX_WINDOW_SAMPLES, MemberRole, MemberSpec
from vidlabel.json_fields import dataclass_from_json
from vidlabel.json_text import check_json_object, parse_json, to_json
from vidlabel.stream_spec import StreamSpec, TunedEncoder, check_streams, stream_columns

SCHEMA = "vidlabel.model/1"
Task = Literal["single", "multi", "binary"]


class NewerVersionError(ValueError):
    """A model file has a version of the format that this vidlabel does not know."""


UNKNOWN = "unknown"
"""In the place of the encoder of features that were made elsewhere."""
MAX_RATE = 1000.0
MAX_MEMBERS = 64


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
    streams: tuple[StreamSpec, ...]
    """In the order in which their features are joined: D numbers, the heads' inputs where there is no `projection`. The
    first sample of a stream that compares frames takes the features of the second."""
    decoder: str
    """That training used: `decord`, `pyav`."""
    rate: float
    """Samples per second."""
    thresholds: tuple[float, ...]
    """C scores, 0 to 1, at and above which a label may hold."""
    minimum_durations_s: tuple[float, ...]
    """C; shorter segments are left out."""
    staying_thresholds: tuple[float, ...] | None = None
    """C scores, none above its threshold, at and above which a label that holds goes on to hold (hysteresis). None: the
    thresholds."""
    closed_gaps_s: tuple[float, ...] | None = None
    """C; segments of a label that are not further apart are one. None: 0."""
    licence: str
    created: str
    """Date or time, ISO 8601, given by whoever made the model."""
    description: str = ""
    command: str = ""
    """That made the model."""
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
        check_streams(self.streams)
        self._check_numbers()
        self._check_members()
        self._check_labels()
        self._check_outputs()
        self._check_window()
        for name in ("metrics", "data", "training"):
            check_json_object(getattr(self, name), name)

    @property
    def input_size(self) -> int:
        """P."""
        return self.members[0].head.input_size

    @property
    def feature_size(self) -> int:
        """D."""
        return sum(stream.size for stream in self.streams)

    @property
    def stream_names(self) -> tuple[str, ...]:
        """In their order."""
        return tuple(stream.name for stream in self.streams)

    @property
    def columns(self) -> dict[str, slice]:
        """Where the features of each stream stand among the D numbers."""
        return stream_columns(self.streams)

    @property
    def is_external(self) -> bool:
        """Whether features were made elsewhere, by encoders that nobody knows: they come in files."""
        return all(stream.encoder is None for stream in self.streams)

    @property
    def encoder_titles(self) -> tuple[str, ...]:
        """The encoder of each stream, and what was tuned; `unknown` for features from elsewhere."""
        return tuple(UNKNOWN if stream.encoder is None else stream.encoder.title for stream in self.streams)

    @property
    def encoder_title(self) -> str:
        """The encoders of its streams, each once."""
        return " + ".join(dict.fromkeys(self.encoder_titles))

    @property
    def tuned_encoders(self) -> tuple[TunedEncoder, ...]:
        """Those whose tensors stand in its file, each once, in the order of the streams."""
        encoders = [stream.encoder for stream in self.streams if stream.encoder is not None]
        return tuple(dict.fromkeys(encoder.tuned for encoder in encoders if encoder.tuned is not None))

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
            ValueError: it is damaged, or a value in it is impossible.
        """
        content = parse_json(text)
        schema = content.get("schema") if isinstance(content, dict) else None
        if not isinstance(schema, str) or re.fullmatch(r"vidlabel\.model/[0-9]{1,9}", schema) is None:
            raise ValueError("it does not name the version of its format")
        if schema != SCHEMA:
            raise NewerVersionError(f"was made by a newer vidlabel ({schema}; this one reads {SCHEMA})")
        return dataclass_from_json(ModelSpec, content, "")

    def to_json(self) -> str:
        """The text for the model file; the same for the same content."""
        text = to_json(self)
        return f'{{"schema":"{SCHEMA}",{text[1:]}'

    def _check_texts(self) -> None:
        check_name(self.name, "name")
        check_name(self.decoder, "decoder")
        for name in ("licence", "created", "description", "command"):
            text: str = getattr(self, name)
            readable = all(character.isprintable() or character in "\n\t" for character in text)
            require(readable, f"{name} holds characters that cannot be printed")

    def _check_numbers(self) -> None:
        require(0 < self.rate <= MAX_RATE, f"rate must lie above 0 and at most at {MAX_RATE:g}")

    def _check_members(self) -> None:
        require(1 <= len(self.members) <= MAX_MEMBERS, f"there must be 1 to {MAX_MEMBERS} members")
        require(len(self.members_with("labels")) > 0, "a member must distinguish the labels")
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
        self._check_continuing()
        require(self.background is None or 0 <= self.background < count, "background is no label's index")

    def _check_continuing(self) -> None:
        """Check what makes a label go on: single labels have no use for it."""
        for name in ("staying_thresholds", "closed_gaps_s"):
            values = getattr(self, name)
            fits = values is None or (self.task != "single" and len(values) == len(self.labels))
            require(fits, f"{name} must be one for each label of a model that is not single-label")
        staying, gaps = self.staying_thresholds or (), self.closed_gaps_s or ()
        fits = all(0 <= stays <= begins for stays, begins in zip(staying, self.thresholds, strict=False))
        require(fits, "staying_thresholds must lie between 0 and the thresholds")
        require(all(0 <= gap < math.inf for gap in gaps), "closed_gaps_s must not be negative")

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
