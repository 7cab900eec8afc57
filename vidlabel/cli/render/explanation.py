"""Prints an explanation in plain words."""

from __future__ import annotations

from vidlabel.cli.console import print_output
from vidlabel.explanation.explanation import Explanation, StreamContribution

LEAST_SHARE = 0.005
"""Of a stream that is named."""


def print_explanation(found: Explanation, folder: str) -> None:
    """Print what a label comes from on standard output."""
    print_output(explanation_words(found))
    print_output(f"  {completeness_words(found)}")
    for evidence in found.evidence:
        print_output(f"  {evidence.summary}")
    print_output(f"  written to {folder}")


def explanation_words(found: Explanation) -> str:
    """One sentence: `fall 3.0-4.5 s (score 0.93): decided by pose (71 %) and motion (29 %); ...`."""
    head = f"{found.label} {found.start:.1f}-{found.end:.1f} s (score {found.score:.2f}, model {found.model.name})"
    speaking = sorted((one for one in found.streams if one.share >= LEAST_SHARE), key=lambda one: -one.share)
    if not speaking:
        scores = f"{found.score:.2g}, and {found.baseline_score:.2g} where nothing is known"
        return f"{head}: no stream speaks for it ({scores})"
    return f"{head}: decided by {_listed(speaking)}; {_when(found)}"


def _when(found: Explanation) -> str:
    """Half of the evidence lies in a third of the time or less, or it is spread."""
    start, end = found.peak
    if len(found.times) > 1 and end - start > (found.end - found.times[0]) / 3:
        return "its evidence is spread over the whole time"
    return f"the samples at {start:.1f}-{end:.1f} s count most"


def completeness_words(found: Explanation) -> str:
    """The check that the attributions account for the score."""
    gradients = found.gradients
    sums = f"{float(gradients.samples.sum()):+.3f} of {gradients.difference:+.3f} log-odds"
    gap = f"gap {gradients.relative_gap:.2%}, {gradients.path_steps} path steps"
    return f"completeness: attributions sum to {sums} ({gap})"


def _listed(streams: list[StreamContribution]) -> str:
    words = [f"{one.stream} ({100 * one.share:.0f} %)" for one in streams]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
