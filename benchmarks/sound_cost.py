"""What hearing costs: CPU seconds for each second of a video, of its pictures, of its sound and of the sound's encoder.

    python benchmarks/sound_cost.py VIDEO [SAMPLES_A_SECOND]

Pictures and sound are decoded in a process of their own, as always, with and without the sound in turn.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidlabel.features.encoders.sound_encoder import load_sound_encoder
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import open_isolated_samples

ROUNDS = 5


def read(path: Path, rate: float, *, sound: bool) -> tuple[float, list[npt.NDArray[np.float32]]]:
    """CPU seconds of the decoding process, and the windows of sound."""
    with open_isolated_samples(path, SampleRequest(rate=rate, sound=sound)) as samples:
        windows = [sample.sound for sample in samples if sample.sound is not None]
        return samples.decode_cpu_s, windows


def main() -> None:
    path, rate = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 2.0
    encoder = load_sound_encoder(threads=1)
    pictures, both, encoding = [], [], []
    for _ in range(ROUNDS):
        pictures.append(read(path, rate, sound=False)[0])
        cpu_s, windows = read(path, rate, sound=True)
        both.append(cpu_s)
        encoder.encode(np.stack(windows[:1]))
        before = time.process_time()
        encoder.encode(np.stack(windows))
        encoding.append(time.process_time() - before)
    with open_isolated_samples(path, SampleRequest(rate=rate)) as samples:
        duration_s = samples.probe.duration_s
    alone, together, encoded = (statistics.median(found) / duration_s * 1000 for found in (pictures, both, encoding))
    print(f"milliseconds of CPU for each second of {path.name}, {rate:g} samples a second, medians of {ROUNDS}:")
    print(f"pictures {alone:.1f}; sound {together - alone:.1f}; YAMNet ({encoder.runtime}) {encoded:.1f}")
    print(f"hearing costs {(together - alone + encoded) / alone:.1%} of decoding the pictures")


if __name__ == "__main__":
    main()
