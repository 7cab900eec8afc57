"""What is printed of an explanation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explanation.test_output_folder import example_explanation
from vidlabel.cli.render.explanation import completeness_words, explanation_words, print_explanation
from vidlabel.explanation.explanation import Explanation, StreamContribution


def of_streams(**shares: float) -> Explanation:
    streams = tuple(StreamContribution(name, share, share) for name, share in shares.items())
    return replace(example_explanation(), times=np.arange(9) / 4, start=0.0, end=2.25, peak=(0.5, 1.0), streams=streams)


def test_streams_are_named_by_their_share() -> None:
    assert explanation_words(of_streams(motion=0.22, pose=0.71, audio=0.07, text=0.0)) == (
        "dog 0.0-2.2 s (score 0.90, model made-up): decided by pose (71 %), motion (22 %) and audio (7 %); "
        "the samples at 0.5-1.0 s count most"
    )
    assert "decided by pose (60 %) and motion (40 %);" in explanation_words(of_streams(motion=0.4, pose=0.6))


def test_evidence_that_is_spread_has_no_peak() -> None:
    found = replace(of_streams(frames=1.0), peak=(0.5, 1.5))
    assert explanation_words(found).endswith("decided by frames (100 %); its evidence is spread over the whole time")


def test_a_label_that_nothing_speaks_for() -> None:
    found = replace(of_streams(frames=0.0), score=0.001234, baseline_score=0.02)
    assert explanation_words(found).endswith(": no stream speaks for it (0.0012, and 0.02 where nothing is known)")


def test_the_check_of_completeness() -> None:
    assert completeness_words(example_explanation()) == (
        "completeness: attributions sum to +2.210 of +2.200 log-odds (gap 0.45%, 32 path steps)"
    )


def test_text_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_explanation(replace(example_explanation("[red]one.png"), label="[bold]\x1b[31m"), "out/[x]")
    shown = capsys.readouterr().out
    assert "[bold]\\x1b[31m 1.0-1.5 s" in shown
    assert shown.endswith("  the top left\n  written to out/[x]\n")
