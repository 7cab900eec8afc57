"""Which decoder reads a file, on which device, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vidlabel.errors import DecodeError, DeviceError, InstallationError
from vidlabel.video.decoders.decord import DecordReader
from vidlabel.video.decoders.gpu import GpuReader
from vidlabel.video.decoders.pyav import PyavReader
from vidlabel.video.decoders.safety import decord_drawback, decord_refusal, gpu_refusal, skipping_refusal
from vidlabel.video.decoders.skipping import SkippingReader
from vidlabel.video.sampling import BEFORE_ALL

if TYPE_CHECKING:
    from vidlabel.video.container.source import VideoSource
    from vidlabel.video.decoders.base import FrameReader
    from vidlabel.video.probe import Probe
    from vidlabel.video.request import SampleRequest


_SKIPPING = "frames that no sample needs are skipped"


@dataclass(frozen=True, slots=True)
class DecoderChoice:
    """A decoder, why it was chosen, and how to open it."""

    decoder: str
    """For the report: `decord`, `pyav`, `pyav: edit list`."""
    open: Callable[[], FrameReader]
    warnings: tuple[str, ...] = ()
    gives_up: bool = False
    """Whether the reader leaves damage to `PyavReader`, which is to go on after it."""


def choose_reader(probe: Probe, request: SampleRequest, opened: VideoSource | None = None) -> DecoderChoice:
    """Choose the decoder: the GPU if asked for and there, else the cheapest one that is right.

    Args:
        probe: of the file.
        request: what is asked for.
        opened: the file as the probe left it, if it is still open.
    """
    if request.decode_device == "gpu":
        try:
            reader = _open_on_gpu(probe, request)
            return DecoderChoice(f"{reader.name} on GPU", lambda: reader, gives_up=True)
        except DeviceError as error:
            warning = f"no GPU decoder (NVDEC) can be used here ({error.problem}); decoding on the CPU"
        on_cpu = _choose_on_cpu(probe, request, opened)
        return replace(on_cpu, warnings=(warning, *on_cpu.warnings))
    return _choose_on_cpu(probe, request, opened)


def _choose_on_cpu(probe: Probe, request: SampleRequest, opened: VideoSource | None) -> DecoderChoice:
    if request.decoder != "decord" and skipping_refusal(probe, request) is None:
        return DecoderChoice(f"pyav: {_SKIPPING}", lambda: SkippingReader(probe, request, opened), gives_up=True)
    if request.decoder == "pyav":
        return pyav_choice(probe, request)
    refusal = decord_refusal(probe, request)
    if request.decoder == "decord" and refusal is not None:
        warning = f"decord cannot be relied on here ({refusal}); PyAV reads the file"
        return replace(pyav_choice(probe, request, refusal), warnings=(warning,))
    if request.decoder == "auto":
        refusal = refusal or decord_drawback(probe, request)
    return (
        DecoderChoice("decord", lambda: DecordReader(probe, request), gives_up=True)
        if refusal is None
        else pyav_choice(probe, request, refusal)
    )


def pyav_choice(probe: Probe, request: SampleRequest, reason: str = "", after: int = BEFORE_ALL) -> DecoderChoice:
    """PyAV, with the reason why it is not decord, and the tick after which samples lie."""
    return DecoderChoice(f"pyav: {reason}" if reason else "pyav", lambda: PyavReader(probe, request, after))


def _open_on_gpu(probe: Probe, request: SampleRequest) -> FrameReader:
    """On a GPU: decord where the file allows and it was built for it, else PyAV with CUDA.

    Raises:
        DeviceError: neither works.
    """
    if request.decoder != "pyav" and decord_refusal(probe, request) is None:
        try:
            return DecordReader(probe, request, on_gpu=True)
        except (DeviceError, DecodeError, InstallationError):
            if request.decoder == "decord":
                raise DeviceError("decode device", "this decord has no GPU decoding", "decode on the CPU") from None
    refusal = "decord does not read it" if request.decoder == "decord" else gpu_refusal(probe, request)
    if refusal is not None:
        raise DeviceError("decode device", refusal, "decode on the CPU")
    return GpuReader(probe, request)
