"""What `vidlabel predict` costs beside its two parts, decoding and encoding; and how much memory a long video takes.

    python benchmarks/predict_cost.py [VIDEO] [--rate 4] [--repeats 5]

Prints ratios of CPU seconds of whole processes, measured in turn in one run, start-up taken off by measuring the same
process without the video; then the peak memory of the command and the processes below it, for a video looped to 1 and
to 60 minutes by copying its packets.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import av

from processes import peak_memory

EXAMPLE = Path(__file__).parent.parent / "examples" / "bottle-detection.mp4"

START = """
import sys
from pathlib import Path
import numpy as np
from vidlabel.prediction.labeller import Labeller
from vidlabel.prediction.predict import PythonListener
from vidlabel.prediction.options import PredictOptions
from vidlabel.process import keep_freed_memory
from vidlabel.features.encoders.frame_encoder import load_encoder
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.container.source import VideoSource
from vidlabel.video.decoders.session import DecodeSession
from vidlabel.video.request import SampleRequest
keep_freed_memory()
video, rate = sys.argv[1], float(sys.argv[2])
encoder = load_encoder()
encoder.encode(np.zeros((8, 224, 398, 3), np.uint8))
def decoded():
    with VideoSource(Path(video)) as opened:
        return [picture.rgb for picture in DecodeSession(opened, SampleRequest(rate=rate)).pictures()]
with DecodePool() as pool:
    pool.start()
    labeller = Labeller(PredictOptions(models=("objects",), rate=rate), pool)
    {part}
"""
PARTS = {
    "start": "pass",
    "decode": "decoded()",
    "decode and encode": "encoder.encode(np.stack(decoded()))",
    "predict": "labeller.label(video, PythonListener())",
}


def cpu_seconds(part: str, video: Path, rate: float) -> float:
    """CPU seconds of a fresh process and its children that does one part."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = START.replace("{part}", PARTS[part])
    subprocess.run([sys.executable, "-c", code, str(video), str(rate)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def print_cost(video: Path, rate: float, repeats: int) -> None:
    """Print predict's cost over that of its parts."""
    ratios = []
    for _ in range(repeats):
        seconds = {part: cpu_seconds(part, video, rate) for part in PARTS}
        start = seconds["start"]
        decode, predict = seconds["decode"] - start, seconds["predict"] - start
        encode = seconds["decode and encode"] - seconds["decode"]
        ratios.append(predict / (decode + encode))
        print(f"decode {decode:.2f} s, encode {encode:.2f} s, predict {predict:.2f} s: ratio {ratios[-1]:.3f}")
    low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
    print(f"predict / (decode + encode), CPU seconds: {low:.3f} / {middle:.3f} / {high:.3f} (min / median / max)")


def loop(video: Path, seconds: float, target: Path) -> None:
    """Repeat the packets of a video until it lasts so long."""
    with av.open(str(video)) as source, av.open(str(target), "w") as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        shift = 0
        ticks = seconds / float(stream.time_base or 1)
        while shift < ticks:
            source.seek(0)
            end = 0
            for packet in source.demux(stream):
                if packet.pts is None or packet.dts is None:
                    continue
                end = max(end, packet.pts + (packet.duration or 0))
                packet.pts += shift
                packet.dts += shift
                packet.stream = copy
                sink.mux(packet)
            shift += end


def print_memory(video: Path) -> None:
    """Print the peak memory for a short and a long video."""
    with tempfile.TemporaryDirectory() as folder:
        peaks = []
        for minutes in (1, 60):
            target = Path(folder) / f"{minutes}.mp4"
            loop(video, minutes * 60, target)
            command = [sys.executable, "-m", "vidlabel", "predict", str(target), "-m", "objects", "--rate", "1", "-q"]
            peaks.append(peak_memory(command) / 1e6)
            print(f"{minutes} min: peak {peaks[-1]:.0f} MB")
        print(f"60 min / 1 min: {peaks[1] / peaks[0]:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--rate", type=float, default=4.0)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print_cost(asked.video, asked.rate, asked.repeats)
    print_memory(asked.video)


if __name__ == "__main__":
    main()
