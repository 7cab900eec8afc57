"""What heads say: about windows while they learn, and about whole clips that they are tested on.

B windows, W steps, N clips, S samples of all clips, P inputs, R numbers in a state, C classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vidlabel.heads.fusion import part_shares
from vidlabel.heads.recurrent import Head
from vidlabel.training.fitting.plans import MemberPlan
from vidlabel.training.fitting.tensors import TrainingTensors


def pooled_logits(head: Head, inputs: Tensor, parts: int) -> Tensor:
    """What `pool_parts` makes of the outputs of a head, with dropout after pooling: (B, W, P) to (B, C).

    Before pooling, dropout would hardly be felt: the mean over a part evens it out.
    """
    hidden, _ = head.recurrence(inputs, (), None)
    shares = part_shares(torch.tensor([inputs.shape[1]]), inputs.shape[1], parts)[0].to(hidden)
    means = torch.einsum("wp,bwr->bpr", shares, hidden)
    weight = head.output.weight.view(parts, -1, hidden.shape[2])
    return torch.einsum("bpr,pcr->bc", head.dropout(means), weight) + head.output.bias.view(parts, -1).sum(dim=0)


@torch.inference_mode()
def clip_logits(plan: MemberPlan, head: Head, material: TrainingTensors) -> Tensor:
    """The outputs for whole clips in their first view: (N, C), or (S, C) where each sample has its own label.

    Args:
        plan: of the head.
        head: in evaluation mode.
        material: the clips.
    """
    if plan.pooled_parts is not None and plan.resampled_steps is not None:
        return pooled_logits(head, material.bank.whole(plan.resampled_steps), plan.pooled_parts)
    clips = range(material.bank.clips)
    return torch.cat([head(material.bank.clip(number))[0] for number in clips])
