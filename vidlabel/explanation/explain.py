"""Explains one label of one video: when its evidence is there, in which streams, and where."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from pathlib import Path

from vidlabel.explanation.attribution import densest_stretch, integrate_gradients, occlude, share_among_streams
from vidlabel.explanation.evidence import find_evidence
from vidlabel.explanation.evidence_score import EvidenceScore
from vidlabel.explanation.explanation import MOST_PLACES, Explanation, Floats, IntegratedGradients, Occlusion
from vidlabel.explanation.kept_features import FeatureKeeper
from vidlabel.explanation.label_choice import ChosenLabel, ExplainedLabel, check_label, choose_label
from vidlabel.explanation.output_folder import OutputFolder
from vidlabel.explanation.segment_score import SegmentScore
from vidlabel.explanation.torch_model import Inputs, zeros
from vidlabel.features.config import FeatureConfig
from vidlabel.features.feature_file import is_feature_name
from vidlabel.heads.bundled_models import DEFAULT_MODELS
from vidlabel.heads.model import Model
from vidlabel.labels.result import VideoInfo
from vidlabel.prediction.chosen_models import describe_models
from vidlabel.prediction.labeller import Labeller
from vidlabel.prediction.options import Listener, PredictOptions
from vidlabel.prediction.predict import PythonListener
from vidlabel.prediction.video_inputs import feature_config
from vidlabel.video.isolation.pool import DecodePool

WINDOW_S = 1.0
"""Length of the longer stretches that are replaced: a single sample is often as good as its neighbours."""


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """What is to be explained, and where to."""

    video: str
    """Path of a video, or of a file of features."""
    models: tuple[str, ...] = DEFAULT_MODELS
    """Each the name of a shipped model, or the path of a model file."""
    wanted: ExplainedLabel = field(default_factory=ExplainedLabel)
    output: Path | None = None
    """Folder for `explanation.json` and pictures; None: nothing is written."""
    most_places: int = MOST_PLACES
    """Samples of each stream at most in whose pictures, sound or text evidence is looked for."""
    encoder: str | None = None
    """As in `PredictOptions`, like those below."""
    audio_stream: int | None = None
    subtitles: str | None = None
    speech: str | None = None

    @property
    def options(self) -> PredictOptions:
        """By which the video is labelled."""
        return PredictOptions(
            models=self.models,
            encoder=self.encoder,
            audio_stream=self.audio_stream,
            subtitles=self.subtitles,
            speech=self.speech,
        )

    def feature_config(self, model: Model) -> FeatureConfig:
        """By which the features of a model are made."""
        usual = FeatureConfig(audio_stream=self.audio_stream, subtitles=self.subtitles, speech=self.speech)
        return feature_config(model, usual, None if self.encoder is None else Path(self.encoder))


def explain(
    path: str | PathLike[str],
    model: str | PathLike[str] | Sequence[str | PathLike[str]] = DEFAULT_MODELS,
    *,
    label: str | None = None,
    time: float | None = None,
    segment: int | None = None,
    output: str | PathLike[str] | None = None,
    encoder: str | PathLike[str] | None = None,
    audio_stream: int | None = None,
    subtitles: str | PathLike[str] | None = None,
    speech: str | PathLike[str] | None = None,
) -> Explanation:
    """Explain a label of a video: which samples and which streams it comes from.

    Without `label`, `time` and `segment` the segment with the highest score is explained.

    Args:
        path: the video, or a feature file for a model that was trained on such files.
        model: name of a shipped model, or path of a model file; of several the one that gives the label is explained.
        label: the label to explain; None: that of the segment, or the one with the highest score.
        time: seconds; the segment that holds then is explained, or the sample where none does.
        segment: number of the segment in the result of `predict`, from 1.
        output: folder for `explanation.json` and pictures; None: nothing is written and no pictures are drawn.
        encoder: file of the encoder that a model was trained with; None: it lies beside the model file.
        audio_stream: number of the audio stream that is heard, from 0; None: the one that players choose.
        subtitles: file of subtitles for the text stream; None: one beside the video, else those inside it.
        speech: `tiny.en`, or folder of a Whisper model, that turns speech into text where there are no subtitles; None:
            speech is not read.

    Returns:
        The attributions to samples and streams; see `Explanation`.

    Raises:
        UsageError: an argument is invalid, or the folder holds other files.
        InputError: no label holds in the video.
        VideoError: the file cannot be read as a video.
        ModelFileError, EncoderFileError: the model, or the file of its encoder, cannot be used.
        OutputError: the folder cannot be written.

    Example:
        >>> explanation = vidlabel.explain("clip.mp4", "objects", time=1.5)
        >>> explanation.model.name, [stream.stream for stream in explanation.streams]
        ('objects', ['frames'])
    """
    request = ExplainRequest(
        video=fspath(path),
        models=(fspath(model),) if isinstance(model, str | PathLike) else tuple(fspath(one) for one in model),
        wanted=ExplainedLabel(label, time, segment),
        output=None if output is None else Path(output),
        encoder=None if encoder is None else fspath(encoder),
        audio_stream=audio_stream,
        subtitles=None if subtitles is None else fspath(subtitles),
        speech=None if speech is None else fspath(speech),
    )
    return explain_video(request, PythonListener())


def explain_video(request: ExplainRequest, listener: Listener) -> Explanation:
    """Label a video, and explain one label; the video is read once, and its features are kept meanwhile.

    Args:
        request: what to explain.
        listener: receives progress and warnings.

    Raises:
        UsageError, InputError, OutputError: see `explain`.
    """
    check_label(request.wanted.label, [model.spec for model in describe_models(request.options)])
    with ExitStack() as stack:
        folder = None if request.output is None else stack.enter_context(OutputFolder(request.output))
        kept = stack.enter_context(FeatureKeeper())
        pool = stack.enter_context(DecodePool())
        result = Labeller(request.options, pool, features=kept).label(request.video, listener)
        chosen = choose_label(request.wanted, result, kept)
        if not chosen.whole:
            part = f"{chosen.start:.3f} to {chosen.end:.3f} s of a longer segment"
            listener.warn(f"{request.video}: {part} are explained; --time names another part")
        score = SegmentScore(kept.of(chosen.model), chosen.samples)
        gradients, mean_gradients = integrate_gradients(score, score.inputs())
        model = kept.of(chosen.model).model
        explanation = _explained(result.video, model, score, gradients, chosen)
        if folder is not None:
            if not is_feature_name(Path(request.video)):
                seen = EvidenceScore(model, score, mean_gradients)
                evidence = find_evidence(
                    Path(request.video),
                    request.feature_config(model),
                    seen,
                    gradients.streams,
                    folder.pictures,
                    pool,
                    listener.warn,
                    request.most_places,
                )
                explanation = replace(explanation, evidence=evidence)
            folder.write(explanation)
    return explanation


def _explained(
    video: VideoInfo, model: Model, score: SegmentScore, gradients: IntegratedGradients, chosen: ChosenLabel
) -> Explanation:
    """All but the evidence in pictures, sound and text."""
    inputs = score.inputs()
    measured = score.measure(iter((inputs, zeros(inputs))))
    (whole, log_odds), (base, base_log_odds) = measured.tolist()
    stretch = densest_stretch(gradients.samples)
    return Explanation(
        video=video,
        model=model.info,
        label=model.spec.labels[chosen.samples.label],
        segment=chosen.segment,
        start=chosen.start,
        end=chosen.end,
        score=whole,
        log_odds=log_odds,
        baseline_score=base,
        baseline_log_odds=base_log_odds,
        times=score.times,
        earlier_log_odds=score.earlier_log_odds,
        streams=share_among_streams(score, inputs),
        gradients=gradients,
        occlusions=_occlusions(score, inputs, model.spec.rate),
        peak=_seconds(stretch, score.times, chosen.end),
    )


def _occlusions(score: SegmentScore, inputs: Inputs, rate: float) -> tuple[Occlusion, ...]:
    """Single samples and longer stretches, of all streams and of each alone."""
    streams = (None, *inputs) if len(inputs) > 1 else (None,)
    widths = dict.fromkeys((1, max(2, round(WINDOW_S * rate))))
    return tuple(occlude(score, inputs, stream, width) for width in widths for stream in streams)


def _seconds(stretch: slice, times: Floats, end_s: float) -> tuple[float, float]:
    """The time of some samples: each lasts to the next one, the last as long as that before it."""
    start = float(times[stretch.start])
    if stretch.stop < len(times):
        return start, float(times[stretch.stop])
    step = float(times[-1] - times[-2]) if len(times) > 1 else end_s - start
    return start, max(start, float(times[-1]) + step)
