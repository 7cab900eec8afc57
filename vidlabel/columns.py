"""Where the features of each stream stand among those of all streams, which are joined side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def stream_columns(streams: Sequence[str], width: int, sizes: Sequence[int] | None = None) -> dict[str, slice]:
    """The columns of each stream by its name, in the order in which they are joined.

    Args:
        streams: their names.
        width: numbers in a feature of all streams together.
        sizes: numbers in a feature of each stream; None: as many in all of them.

    Raises:
        ValueError: the sizes do not make up the width.
    """
    if sizes is None:
        size = width // len(streams)
        sizes = [size] * len(streams)
    elif len(sizes) != len(streams) or sum(sizes) != width:
        raise ValueError(f"streams of {', '.join(map(str, sizes))} numbers do not make a feature of {width}")
    ends = accumulate(sizes)
    return {name: slice(end - size, end) for name, size, end in zip(streams, sizes, ends, strict=True)}


def unlike_sizes(sizes: Sequence[int]) -> tuple[int, ...] | None:
    """The sizes of streams as files hold them: None where they are all alike, which needs no saying."""
    return None if len(set(sizes)) <= 1 else tuple(sizes)
