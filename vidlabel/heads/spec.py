"""The model description in the header of a model file: everything but its tensors.

It stands as JSON under the key `vidlabel` of the metadata in the header of the safetensors file. All dataclasses check
themselves, so that a value that exists can be used.

A version may gain keys that do not change any score; keys that are not known are therefore ignored. Whatever changes
what a model computes needs a new version, and unknown versions are refused.

Letters: D numbers in a feature (all streams one after the other), P head inputs, K head outputs, C labels.

A model has one or more members: heads that look at some of its streams, or all. From features to scores, in this
order:

    for each stream
        feature (D_s) - its mean, times its components          -> (P_s) if `projected_sizes`
    for each member
        inputs of its streams, side by side                     -> (P)
        rows between the first and the last of the window       -> (P)   `resampled_steps` of them, if set
        head                                                    -> (K)   for each sample or step
        means of `pooled_parts` equal parts of the window       -> one row for the window, if `pooled_parts`
        times `weight`, divided by `temperature`
    sum over the members of each role
    softmax (single) or sigmoid                                 -> probabilities
    sum the outputs that belong to a label                      -> (C)   if `output_labels`

That sum is the weighted geometric mean of the members' probabilities, renormalised. Members with the role `background`
tell the labels from background, which those with the role `labels` do not know: see `vidlabel.heads.fusion`.

Where a video lacks streams, members that cannot do without them drop out, and the weights of the others of their role
are scaled to the same sum.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
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
    """All pooled, or none; each stream is looked at by one of them at least."""
    streams: tuple[StreamSpec, ...]
    """In the order in which their features are joined: D numbers. The first sample of a stream that compares frames
    takes the features of the second."""
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
    projected_sizes: tuple[int, ...] | None = None
    """For each stream how many inputs P_s its D_s features are projected to: the file holds `projection.N.mean` (D_s,)
    and `projection.N.components` (P_s, D_s) for stream N, from 0. None: features are inputs as they are."""
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
    def input_sizes(self) -> dict[str, int]:
        """Inputs P_s of each stream."""
        sizes = self.projected_sizes or [stream.size for stream in self.streams]
        return dict(zip(self.stream_names, sizes, strict=True))

    def streams_of(self, member: MemberSpec) -> tuple[str, ...]:
        """The streams that a member looks at."""
        return member.streams or self.stream_names

    def runs_with(self, member: MemberSpec, available: Collection[str]) -> bool:
        """Whether a member can score a video that has these streams alone.

        One that was trained with modality dropout needs one of its streams, others all of them.
        """
        found = [name in available for name in self.streams_of(member)]
        return any(found) if member.modality_dropout > 0 else all(found)

    def can_score(self, available: Collection[str]) -> bool:
        """Whether a member of each role that the model has can score a video that has these streams alone."""
        roles = {member.role for member in self.members}
        return roles == {member.role for member in self.members if self.runs_with(member, available)}

    def lack(self, available: Collection[str]) -> str:
        """What a video with these streams alone lacks, for a sentence with `has`."""
        missing = [name for name in self.stream_names if name not in available]
        return f"no {' and no '.join(missing)}, without which {self.name} cannot score it"

    @property
    def feature_size(self) -> int:
        """D."""
        return sum(stream.size for stream in self.streams)

    def stream(self, name: str) -> StreamSpec:
        """The one of that name."""
        return next(stream for stream in self.streams if stream.name == name)

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
        require(len({m.pooled_parts is None for m in self.members}) == 1, "all members must be pooled, or none")
        sizes = self.projected_sizes
        require(sizes is None or len(sizes) == len(self.streams), "projected_sizes must be one for each stream")
        require(sizes is None or 1 <= min(sizes) <= sum(sizes) <= MAX_SIZE, "projected_sizes must lie above 0")
        for member in self.members:
            self._check_member_streams(member)
        seen = {name for member in self.members for name in self.streams_of(member)}
        require(seen == set(self.stream_names), "each stream must be looked at by a member")

    def _check_member_streams(self, member: MemberSpec) -> None:
        names = self.streams_of(member)
        require(set(names) <= set(self.stream_names), "a member looks at a stream that the model does not name")
        require(names == tuple(name for name in self.stream_names if name in names), "streams are in another order")
        sizes = tuple(self.input_sizes[name] for name in names)
        head = member.head
        require(head.input_size == sum(sizes), f"head.input_size must be {sum(sizes)}, that of its streams")
        require(head.gated_sizes in (None, sizes), "gated_sizes must be those of the member's streams")
        fits = member.modality_dropout == 0 or (len(names) > 1 and self.projected_sizes is not None)
        require(fits, "modality_dropout is for members with several streams, projected to a mean of 0")

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
