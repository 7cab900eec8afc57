"""The process of speech recognition: hears one video for its owner, and can be killed at any time.

Native decoders read files of unknown origin in it, and it may take minutes for a piece of sound, in which the decoding
process of the owner's run would count as hung.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.joined import open_reading
from vidlabel.video.isolation.child import limit_memory
from vidlabel.video.isolation.single_order import Heart, serve_order
from vidlabel.video.request import SampleRequest
from vidlabel.video.sound.reader import SoundReader
from vidlabel.video.speech.messages import SpeechEnd, SpeechMessage, Transcribe, encode_speech, read_order
from vidlabel.video.speech.pieces import sound_pieces
from vidlabel.video.speech.whisper import Whisper


def transcribe_sound(order: Transcribe, send: Callable[[SpeechMessage], None]) -> SpeechEnd:
    """Hear the whole sound of a video.

    Args:
        order: which one, and with which model.
        send: takes each line as it is found, and signs of life.

    Raises:
        VideoError: it cannot be read.
        UsageError, InstallationError: the model cannot be loaded.
    """
    heart = Heart(send)
    whisper = Whisper(order.model)
    request = SampleRequest(decoder="pyav", audio_stream=order.audio_stream)
    with VideoSource(Path(order.path)) as opened:
        reading = open_reading(opened, request, heartbeat=heart.beat)
        sound = SoundReader(reading.sound_sources, order.audio_stream, heart.beat)
        for piece in sound_pieces(sound, Fraction(reading.facts.duration_s)):
            for line in whisper.lines(piece, heart.beat):
                send(line)
        return SpeechEnd(sound.warnings)


def carry_out(line: bytes, send: Callable[[SpeechMessage], None]) -> None:
    """Do what a line orders.

    Raises:
        VidlabelError: as `transcribe_sound`.
    """
    order = read_order(line)
    limit_memory(order.memory_limit_bytes)
    send(transcribe_sound(order, send))


def main() -> None:
    """Entry point of the process."""
    serve_order(carry_out, encode_speech)


if __name__ == "__main__":
    main()
