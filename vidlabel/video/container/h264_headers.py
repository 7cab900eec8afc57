"""Reads the headers of H.264: parameter sets, slices, recovery points (ITU-T H.264, sections 7.3 and D.1).

Only what the numbering of pictures depends on is read. Of a slice that is the first bytes, so that reading every
packet of a file stays cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

_REFRESH, _SUPPLEMENT, _SEQUENCE, _PICTURE = 5, 6, 7, 8

_NUMBER_BYTES = 20
"""Bytes of a slice header up to the number of its picture."""
_CHROMA_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""Profiles whose sequence parameter sets say how colour is stored."""
_P, _B, _I, _SP, _SI = range(5)
_RECOVERY_POINT = 6
_RESET_MARKING = 5
"""The memory management operation that makes numbering begin again."""
_MOST_COUNTED = 256
"""More entries than any list of the standard has; only damage asks for more."""


class HeaderError(ValueError):
    """A header that ends early or holds what the standard excludes."""


class Bits:
    """Reads a unit bit by bit, without the bytes that keep it from looking like a start code.

    Args:
        unit: the unit, its first byte included, which is passed over.
    """

    __slots__ = ("_left", "_value")

    def __init__(self, unit: bytes) -> None:
        payload = unit[1:]
        if b"\0\0\3" in payload:
            payload = payload.replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)

    def take(self, count: int) -> int:
        """An unsigned number of a given number of bits."""
        self._left -= count
        if self._left < 0:
            raise HeaderError
        return self._value >> self._left & (1 << count) - 1

    def ue(self) -> int:
        """An unsigned Exp-Golomb number (section 9.1)."""
        rest = self._value & (1 << self._left) - 1
        self._left = 2 * rest.bit_length() - self._left - 1
        if self._left < 0 or not rest:
            raise HeaderError
        return (rest >> self._left) - 1

    def se(self) -> int:
        """A signed Exp-Golomb number."""
        number = self.ue()
        return (number + 1) // 2 if number % 2 else -(number // 2)

    def count(self) -> int:
        """An unsigned Exp-Golomb number of things that follow."""
        number = self.ue()
        if number > _MOST_COUNTED:
            raise HeaderError
        return number


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """Fields of a sequence parameter set that numbering depends on."""

    separate_planes: bool
    has_chroma: bool
    """Whether prediction weights are given for colour as well."""
    frame_num_bits: int
    allows_gaps: bool
    """Whether numbers may be missing though no picture is."""
    order_type: int
    order_bits: int
    delta_order_is_zero: bool
    frames_only: bool


@dataclass(frozen=True, slots=True)
class PictureParameters:
    """Fields of a picture parameter set that the marking of references depends on."""

    sequence: int
    """Number of its sequence parameter set."""
    has_bottom_order: bool
    reference_counts: tuple[int, int]
    has_weights: bool
    bidirectional_weights: int
    has_redundant_pictures: bool


class Slice(NamedTuple):
    """How the picture of a slice is numbered; one is made for each packet, and a dataclass costs a microsecond more."""

    frame_num: int
    frame_num_bits: int
    allows_gaps: bool
    is_refresh: bool
    """Whether decoding starts anew, and numbering at 0."""
    is_reference: bool
    is_field: bool
    is_bidirectional: bool
    starts_picture: bool
    order: int
    """Position in presentation order, modulo two to the `order_bits`; -1 where the header lacks it."""
    order_bits: int


class Headers:
    """Reads headers of one stream, and keeps the parameter sets that they refer to."""

    def __init__(self) -> None:
        self._sequences: dict[int, SequenceParameters] = {}
        self._pictures: dict[int, PictureParameters] = {}

    def keep_parameters(self, unit: bytes) -> None:
        """Keep the unit if it is a parameter set.

        Raises:
            HeaderError: it is a broken one.
        """
        kind = unit[0] & 0x1F
        if kind == _SEQUENCE:
            number, sequence = _read_sequence(Bits(unit))
            self._sequences[number] = sequence
        elif kind == _PICTURE:
            number, picture = _read_picture(Bits(unit))
            self._pictures[number] = picture

    def read_slice(self, unit: bytes) -> Slice:
        """Read how the picture of a slice is numbered.

        Raises:
            HeaderError: it is broken, or refers to parameters that are not known.
        """
        bits = Bits(unit[:_NUMBER_BYTES])
        first_block, kind, picture = bits.ue(), bits.ue() % 5, self._pictures.get(bits.ue())
        sequence = None if picture is None else self._sequences.get(picture.sequence)
        if sequence is None:
            raise HeaderError
        if sequence.separate_planes:
            bits.take(2)
        frame_num, is_field = bits.take(sequence.frame_num_bits), not sequence.frames_only and bits.take(1) == 1
        if is_field:
            bits.take(1)
        is_refresh = unit[0] & 0x1F == _REFRESH
        if is_refresh:
            bits.ue()
        return Slice(
            frame_num,
            sequence.frame_num_bits,
            sequence.allows_gaps,
            is_refresh,
            unit[0] & 0x60 != 0,
            is_field,
            kind == _B,
            first_block == 0,
            bits.take(sequence.order_bits) if sequence.order_type == 0 and not is_field else -1,
            sequence.order_bits,
        )

    def resets_numbering(self, unit: bytes) -> bool:
        """Whether numbering begins again after a picture, by memory management operation 5 in a slice of it.

        Raises:
            HeaderError: as `read_slice`.
        """
        bits = Bits(unit)
        bits.ue()
        kind, picture = bits.ue() % 5, self._pictures[bits.ue()]
        sequence = self._sequences[picture.sequence]
        if sequence.separate_planes:
            bits.take(2)
        bits.take(sequence.frame_num_bits)
        is_field = not sequence.frames_only and bool(bits.take(1))
        if is_field:
            bits.take(1)
        if unit[0] & 0x1F == _REFRESH or not unit[0] & 0x60:
            return False
        _pass_order(bits, sequence, picture, is_field)
        _pass_references(bits, sequence, picture, kind)
        return _has_reset(bits)


def recovery_frames(unit: bytes) -> int | None:
    """After how many reference pictures decoding is right again that starts here; None if the unit does not say."""
    if unit[0] & 0x1F != _SUPPLEMENT:
        return None
    payload, place = unit[1:].replace(b"\0\0\3", b"\0\0"), 0
    while place + 2 < len(payload):
        kind, place = _read_sum(payload, place)
        size, place = _read_sum(payload, place)
        if kind == _RECOVERY_POINT:
            try:
                return Bits(b"\0" + payload[place : place + size]).ue()
            except HeaderError:
                return None
        place += size
    return None


def _read_sum(payload: bytes, place: int) -> tuple[int, int]:
    """A number that is the sum of bytes up to the first below 255, and where it ends."""
    total = 0
    while place < len(payload) and payload[place] == 255:
        total, place = total + 255, place + 1
    return total + (payload[place] if place < len(payload) else 0), place + 1


def _read_sequence(bits: Bits) -> tuple[int, SequenceParameters]:
    profile, chroma, separate_planes = bits.take(8), 1, False
    bits.take(16)
    number = bits.ue()
    if profile in _CHROMA_PROFILES:
        chroma = bits.ue()
        separate_planes = chroma == 3 and bool(bits.take(1))
        bits.ue()
        bits.ue()
        bits.take(1)
        if bits.take(1):
            _pass_scaling(bits, 8 if chroma != 3 else 12)
    frame_num_bits, order_type = bits.ue() + 4, bits.ue()
    order_bits = bits.ue() + 4 if order_type == 0 else 0
    delta_order_is_zero = False
    if order_type == 1:
        delta_order_is_zero = bool(bits.take(1))
        bits.se()
        bits.se()
        for _ in range(bits.count()):
            bits.se()
    bits.ue()
    allows_gaps = bool(bits.take(1))
    bits.ue()
    bits.ue()
    frames_only = bool(bits.take(1))
    if frame_num_bits > 16 or order_type > 2 or order_bits > 16:
        raise HeaderError
    has_chroma = chroma != 0 and not separate_planes
    return number, SequenceParameters(
        separate_planes,
        has_chroma,
        frame_num_bits,
        allows_gaps,
        order_type,
        order_bits,
        delta_order_is_zero,
        frames_only,
    )


def _pass_scaling(bits: Bits, lists: int) -> None:
    for index in range(lists):
        if not bits.take(1):
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


def _read_picture(bits: Bits) -> tuple[int, PictureParameters]:
    number, sequence = bits.ue(), bits.ue()
    bits.take(1)
    has_bottom_order = bool(bits.take(1))
    if bits.ue():  # Slice groups, of profiles that no camera or editor writes: the rest is not needed to number.
        return number, PictureParameters(sequence, has_bottom_order, (1, 1), False, 0, False)
    counts = bits.ue() + 1, bits.ue() + 1
    has_weights, bidirectional_weights = bool(bits.take(1)), bits.take(2)
    for _ in range(3):
        bits.se()
    bits.take(2)
    has_redundant_pictures = bool(bits.take(1))
    return number, PictureParameters(
        sequence, has_bottom_order, counts, has_weights, bidirectional_weights, has_redundant_pictures
    )


def _pass_order(bits: Bits, sequence: SequenceParameters, picture: PictureParameters, is_field: bool) -> None:
    """Pass over when the picture is shown, and over the number of its redundant copy."""
    has_bottom = picture.has_bottom_order and not is_field
    if sequence.order_type == 0:
        bits.take(sequence.order_bits)
        if has_bottom:
            bits.se()
    elif sequence.order_type == 1 and not sequence.delta_order_is_zero:
        bits.se()
        if has_bottom:
            bits.se()
    if picture.has_redundant_pictures:
        bits.ue()


def _pass_references(bits: Bits, sequence: SequenceParameters, picture: PictureParameters, kind: int) -> None:
    """Pass over the lists of references, their order and their weights."""
    lists = {_P: 1, _SP: 1, _B: 2}.get(kind, 0)
    if kind == _B:
        bits.take(1)
    counts = picture.reference_counts[:lists]
    if lists and bits.take(1):
        counts = tuple(bits.count() + 1 for _ in range(lists))
    for _ in range(lists):
        if bits.take(1):
            while bits.count() != 3:
                bits.ue()
    if (picture.has_weights and kind in (_P, _SP)) or (picture.bidirectional_weights == 1 and kind == _B):
        bits.ue()
        if sequence.has_chroma:
            bits.ue()
        for count in counts:
            _pass_weights(bits, count, sequence.has_chroma)


def _pass_weights(bits: Bits, count: int, has_chroma: bool) -> None:
    for _ in range(count):
        if bits.take(1):
            bits.se()
            bits.se()
        if has_chroma and bits.take(1):
            for _ in range(4):
                bits.se()


def _has_reset(bits: Bits) -> bool:
    if not bits.take(1):
        return False
    while operation := bits.count():
        if operation == _RESET_MARKING:
            return True
        for _ in range(2 if operation == 3 else 1):
            bits.ue()
    return False
