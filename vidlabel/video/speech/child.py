"""The process of speech recognition: hears one video for its owner, and can be killed at any time.

Native decoders read files of unknown origin in it, and it may take minutes for a piece of sound, in which the decoding
process of the owner's run would count as hung.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from vidlabel.child_process import OWNER_GONE, claim_standard_output, end_with_owner
from vidlabel.errors import VidlabelError
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.joined import open_reading
from vidlabel.video.isolation.child import die_with_owner, limit_memory
from vidlabel.video.isolation.messages import Alive, Failed
from vidlabel.video.isolation.process import OUT_OF_MEMORY
from vidlabel.video.request import SampleRequest
from vidlabel.video.sound.reader import SoundReader
from vidlabel.video.speech.messages import SpeechEnd, SpeechMessage, Transcribe, encode_speech, read_order
from vidlabel.video.speech.pieces import sound_pieces
from vidlabel.video.speech.whisper import Whisper

_BEAT_S = 1.0


def transcribe_sound(order: Transcribe, send: Callable[[SpeechMessage], None]) -> SpeechEnd:
    """Hear the whole sound of a video.

    Args:
        order: which one, and with which model.
        send: takes each line as it is found, and signs of life.

    Raises:
        VideoError: it cannot be read.
        UsageError, InstallationError: the model cannot be loaded.
    """
    last = 0.0

    def heartbeat() -> None:
        """Show that this process lives, when that was not shown for a while."""
        nonlocal last
        if time.monotonic() - last > _BEAT_S:
            last = time.monotonic()
            send(Alive())

    whisper = Whisper(order.model)
    request = SampleRequest(decoder="pyav", audio_stream=order.audio_stream)
    with VideoSource(Path(order.path)) as opened:
        reading = open_reading(opened, request, heartbeat=heartbeat)
        sound = SoundReader(reading.sound_sources, order.audio_stream, heartbeat)
        for piece in sound_pieces(sound, Fraction(reading.facts.duration_s)):
            for line in whisper.lines(piece, heartbeat):
                send(line)
        return SpeechEnd(sound.warnings)


def main() -> None:
    """Entry point of the process."""
    outgoing = claim_standard_output()

    def send(message: SpeechMessage) -> None:
        """Send at once."""
        outgoing.write(encode_speech(message))
        outgoing.flush()

    line = sys.stdin.buffer.readline()
    if not line:
        os._exit(OWNER_GONE)
    order = read_order(line)
    die_with_owner(0)
    end_with_owner()
    limit_memory(order.memory_limit_bytes)
    try:
        send(transcribe_sound(order, send))
    except VidlabelError as error:
        send(Failed(type(error).__name__, error.subject, error.problem, error.remedy))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BrokenPipeError:
        os._exit(OWNER_GONE)


if __name__ == "__main__":
    main()
