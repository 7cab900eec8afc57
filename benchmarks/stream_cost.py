"""What each stream costs beside decoding: CPU seconds for each second of video, at 360p, 720p and 1080p.

    python benchmarks/stream_cost.py [VIDEO] [--rate 2] [--rounds 5]

The pictures of the video (the example) are encoded again at each height, with a melody and a line of subtitles every
second. Sound and subtitles are read in the same process as the pictures: what they add there counts for their stream.
One thread; the least of rounds in which everything is measured in turn, since other work on the machine only adds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.pipeline import FeaturePipeline
from vidlabel.features.streams.registry import reading_request
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.samples import open_isolated_samples

EXAMPLE = Path(__file__).parent.parent / "examples" / "bottle-detection.mp4"
HEIGHTS = (360, 720, 1080)
STREAMS = ("frames", "motion", "pose", "audio", "text")
LENGTH_S = 10
SOUND_RATE = 48000


def write_video(source: Path, path: Path, height: int) -> None:
    """The first seconds of a video at another height, H.264 and AAC, with subtitles beside it."""
    with av.open(str(source)) as opened, av.open(str(path), "w") as sink:
        given = opened.streams.video[0]
        rate = Fraction(given.average_rate or 25).limit_denominator(1001)
        pictures = sink.add_stream("libx264", rate=rate, options={"crf": "23"})
        pictures.width, pictures.height, pictures.pix_fmt = height * 16 // 9, height, "yuv420p"
        heard = sink.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        for number, frame in enumerate(opened.decode(video=0)):
            if number >= LENGTH_S * rate:
                break
            resized = frame.reformat(width=pictures.width, height=height, format="yuv420p")
            resized.pts, resized.time_base = number, 1 / rate
            sink.mux(pictures.encode(resized))
        time_s = np.arange(LENGTH_S * SOUND_RATE) / SOUND_RATE
        tone = 0.3 * np.sin(2 * np.pi * (220 + 110 * (time_s // 0.5 % 4)) * time_s)
        sound = av.AudioFrame.from_ndarray(np.stack([tone, tone]).astype(np.float32), "fltp", "stereo")
        sound.sample_rate, sound.pts = SOUND_RATE, 0
        sink.mux(heard.encode(sound))
        sink.mux(pictures.encode(None))
        sink.mux(heard.encode(None))
    lines = [
        f"{second + 1}\n00:00:{second:02},000 --> 00:00:{second:02},900\nline {second}\n" for second in range(LENGTH_S)
    ]
    path.with_suffix(".srt").write_text("\n".join(lines), encoding="utf-8")


def decoding_s(path: Path, config: FeatureConfig, pool: DecodePool) -> float:
    """CPU seconds to decode the samples and do nothing with them."""
    with open_isolated_samples(path, reading_request(config, ("frames",)), 60, pool) as samples:
        for _ in samples:
            pass
        return samples.decode_cpu_s


def stream_s(path: Path, pipeline: FeaturePipeline, stream: str, pool: DecodePool) -> float:
    """CPU seconds to decode the samples and to compute the features of one stream."""
    before = time.process_time()
    with open_isolated_samples(path, reading_request(pipeline.config, (stream,)), 60, pool) as samples:
        for _ in pipeline.encode(samples, [FeatureBlock(stream, "whole")]):
            pass
        return samples.decode_cpu_s + time.process_time() - before


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("video", nargs="?", type=Path, default=EXAMPLE)
    options.add_argument("--rate", type=float, default=2.0)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    config = FeatureConfig(rate=asked.rate)
    pipeline = FeaturePipeline(config, STREAMS, "cpu", threads=1)
    pipeline.load(STREAMS)
    print(f"{asked.rate:g} samples a second; decoding in ms of CPU a second, streams as shares of decoding")
    print("| height | decoding | " + " | ".join(STREAMS) + " |")
    with tempfile.TemporaryDirectory() as made, DecodePool() as pool:
        for height in HEIGHTS:
            path = Path(made) / f"{height}.mp4"
            write_video(asked.video, path, height)
            decoded: list[float] = []
            found: dict[str, list[float]] = {stream: [] for stream in STREAMS}
            for number in range(asked.rounds + 1):
                base = decoding_s(path, config, pool)
                own = {stream: stream_s(path, pipeline, stream, pool) for stream in STREAMS}
                if number > 0:  # the first round warms up
                    decoded.append(base)
                    for stream, seconds in own.items():
                        found[stream].append(seconds)
            base = min(decoded)
            shares = [f"{min(found[stream]) / base - 1:.2f}" for stream in STREAMS]
            print(f"| {height} | {base / LENGTH_S * 1000:.1f} | " + " | ".join(shares) + " |", flush=True)


if __name__ == "__main__":
    main()
