"""What models cost, in numbers and in CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What a model costs."""

    parameters: int
    """Numbers of its heads, and of the projections before them."""
    streams_cpu: float
    """CPU seconds per second of video that decoding and the encoders of its streams take; 0 for files of features."""
    heads_cpu: float
    """The same of its heads."""

    @property
    def cpu(self) -> float:
        """CPU seconds per second of video."""
        return self.streams_cpu + self.heads_cpu


@dataclass(frozen=True, slots=True)
class EncoderCost:
    """What one stream costs at one sample."""

    stream: str
    encoder: str
    cpu_per_sample: float


@dataclass(frozen=True, slots=True)
class StreamCosts:
    """What streams cost on this machine, measured once."""

    decode_cpu: float
    """CPU seconds per second of video; all streams share one reading."""
    streams: tuple[EncoderCost, ...]

    def cpu(self, streams: Sequence[str], encoder: str, rate: float) -> float:
        """CPU seconds per second of video; 0 for files of features."""
        own = [cost for cost in self.streams if cost.stream in streams and cost.encoder == encoder]
        return self.decode_cpu + rate * sum(cost.cpu_per_sample for cost in own) if own else 0.0


FREE = StreamCosts(0.0, ())
"""Features that come in files."""
