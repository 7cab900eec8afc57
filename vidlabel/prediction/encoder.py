"""The encoder that a model asks for: the place where heads and features meet."""

from __future__ import annotations

from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.heads.model import Network


def tuned_weights_in(model: Network) -> FinetunedWeights | None:
    """The weights of its encoder that a model brings; None: it uses the published ones."""
    encoder = model.spec.encoder
    if encoder.tuned is None:
        return None
    return FinetunedWeights(
        blocks=encoder.tuned.blocks,
        published_sha256=encoder.sha256,
        sha256=encoder.tuned.sha256,
        tensors=model.encoder,
    )
