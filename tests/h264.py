"""Writes headers of H.264 field by field (ITU-T H.264, section 7.3), for streams that no encoder here makes."""

from __future__ import annotations

from dataclasses import dataclass

HIGH, HIGH_444, BASELINE = 100, 244, 66
P, B, I = 0, 1, 2  # noqa: E741 - the names of the standard
IDR, SLICE, PARTITION, SEI, SEQUENCE, PICTURE, PREFIX, OTHER_LAYER = 5, 1, 2, 6, 7, 8, 14, 20


class Bits:
    """Bits put one after the other."""

    def __init__(self) -> None:
        self.text = ""

    def put(self, count: int, value: int) -> Bits:
        """An unsigned number of so many bits."""
        self.text += f"{value:0{count}b}" if count else ""
        return self

    def ue(self, *values: int) -> Bits:
        """Unsigned Exp-Golomb numbers."""
        for value in values:
            digits = f"{value + 1:b}"
            self.text += "0" * (len(digits) - 1) + digits
        return self

    def se(self, *values: int) -> Bits:
        """Signed Exp-Golomb numbers."""
        return self.ue(*(2 * value - 1 if value > 0 else -2 * value for value in values))

    def unit(self, kind: int, importance: int = 3) -> bytes:
        """A unit with these bits, and the bytes that keep it from looking like a start code."""
        text = self.text + "1"
        text += "0" * (-len(text) % 8)
        payload, zeros = bytearray(), 0
        for byte in int(text, 2).to_bytes(len(text) // 8, "big"):
            if zeros == 2 and byte <= 3:
                payload.append(3)
                zeros = 0
            payload.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return bytes([importance << 5 | kind]) + bytes(payload)


@dataclass(frozen=True)
class Stream:
    """Parameters of a stream, and the units that state and use them."""

    profile: int = BASELINE
    sequence_id: int = 0
    picture_id: int = 0
    chroma: int = 1
    separate_planes: bool = False
    scaling: bool = False
    number_bits: int = 4
    order_type: int = 0
    order_bits: int = 6
    allows_gaps: bool = False
    has_fields: bool = False
    weights: bool = False
    """Explicit weights, of P and of B."""
    redundant: bool = False
    bottom_order: bool = False

    def sequence(self) -> bytes:
        """The sequence parameter set."""
        bits = Bits().put(8, self.profile).put(16, 30).ue(self.sequence_id)
        if self.profile != BASELINE:
            bits.ue(self.chroma)
            if self.chroma == 3:
                bits.put(1, self.separate_planes)
            bits.ue(0, 0).put(1, 0).put(1, self.scaling)
            if self.scaling:
                # A list of 16 that ends after its first number, one that is whole, others that are not there.
                bits.put(1, 1).se(-8).put(1, 1).se(*[1] * 16).put(4, 0)
                bits.put(1, 1).se(*[-1, 1] * 32).put(5 if self.chroma == 3 else 1, 0)
        bits.ue(self.number_bits - 4, self.order_type)
        if self.order_type == 0:
            bits.ue(self.order_bits - 4)
        elif self.order_type == 1:
            bits.put(1, 0).se(-3, 5).ue(2).se(4, -4)
        bits.ue(4).put(1, self.allows_gaps).ue(19, 14).put(1, not self.has_fields)
        if self.has_fields:
            bits.put(1, 0)
        return bits.put(1, 1).put(1, 0).put(1, 0).unit(SEQUENCE)

    def picture(self) -> bytes:
        """The picture parameter set."""
        bits = Bits().ue(self.picture_id, self.sequence_id).put(1, 1).put(1, self.bottom_order).ue(0, 1, 0)
        bits.put(1, self.weights).put(2, int(self.weights)).se(-3, 0, 2).put(2, 2).put(1, self.redundant)
        return bits.unit(PICTURE)

    def slice(
        self,
        number: int,
        kind: int = P,
        unit: int = SLICE,
        importance: int = 2,
        first_block: int = 0,
        is_field: bool = False,
        resets: bool = False,
    ) -> bytes:
        """A slice of the picture with this `frame_num`; `resets`: it holds memory management operation 5."""
        bits = Bits().ue(first_block, kind + 5, self.picture_id)
        if self.separate_planes:
            bits.put(2, 1)
        bits.put(self.number_bits, number)
        if self.has_fields:
            bits.put(1, is_field)
            if is_field:
                bits.put(1, 1)
        if unit == IDR:
            bits.ue(7)
        self._put_order(bits, is_field)
        if self.redundant:
            bits.ue(0)
        if kind != I:
            self._put_references(bits, kind)
        if unit != IDR and importance:
            bits.put(1, resets)
            if resets:
                bits.ue(1, 4, 3, 2, 0, 5, 0)
        return bits.put(32, 0xDEADBEEF).unit(unit, importance)

    def _put_order(self, bits: Bits, is_field: bool) -> None:
        if self.order_type == 0:
            bits.put(self.order_bits, 9)
        elif self.order_type == 1:
            bits.se(-2)
        if self.bottom_order and not is_field and self.order_type < 2:
            bits.se(1)

    def _put_references(self, bits: Bits, kind: int) -> None:
        """Two references to the past, one to the future; the first list is put in another order."""
        if kind == B:
            bits.put(1, 0)
        bits.put(1, 1).ue(1)
        if kind == B:
            bits.ue(0)
        bits.put(1, 1).ue(0, 2, 3)
        if kind == B:
            bits.put(1, 0)
        if self.weights:
            has_colour = self.chroma and not self.separate_planes
            bits.ue(5)
            if has_colour:
                bits.ue(4)
            for has_weights in (1, 0, 1)[: 3 if kind == B else 2]:
                bits.put(1, has_weights)
                if has_weights:
                    bits.se(33, -1)
                if has_colour:
                    bits.put(1, has_weights)
                    if has_weights:
                        bits.se(1, -1, 40, 0)


def recovery_point(frames: int, before: tuple[tuple[int, int], ...] = ()) -> bytes:
    """Supplemental information of a recovery point, behind other messages: their kinds and sizes."""
    bits = Bits()
    for kind, size in before:
        bits.put(8, kind)
        for _ in range(size // 255):
            bits.put(8, 255)
        bits.put(8, size % 255)
        for _ in range(size):
            bits.put(8, 0)
    message = Bits().ue(frames).put(1, 1).put(1, 0).put(2, 0).put(1, 1)
    message.text += "0" * (-len(message.text) % 8)
    bits.put(8, 6).put(8, len(message.text) // 8)
    bits.text += message.text
    return bits.unit(SEI, 0)


def with_start_codes(*units: bytes) -> bytes:
    """Units as raw streams and MPEG-TS hold them."""
    return b"".join(b"\0\0\0\1" + unit for unit in units)


def with_lengths(*units: bytes, size: int = 4) -> bytes:
    """Units as MP4 and Matroska hold them."""
    return b"".join(len(unit).to_bytes(size, "big") + unit for unit in units)
