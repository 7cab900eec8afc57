"""Results that were made up, for tests of what is done with results."""

from __future__ import annotations

from vidlabel.labels.result import ModelInfo, Result, RunInfo, Segment, Status, VideoInfo


def example_result(path: str = "clip.mp4", *, fingerprint: str = "f" * 32, status: Status = "ok") -> Result:
    """A result of a video of 4 seconds with one segment."""
    whole = status == "ok"
    return Result(
        status=status,
        video=VideoInfo(path, 4.0, 25.0, 640, 360, "h264", 0.0, 0, 1234),
        models=(ModelInfo("made-up", ("dog", "cat"), "gru", ("frames",), ("efficientnet-lite0",), "a" * 64),),
        run=RunInfo(2.0, 8, "pyav", 0 if whole else 3, 1.0 if whole else 0.75, "cpu", "torch", "0.1.0", fingerprint),
        segments=(Segment(0.5, 2.0, "dog", 0.9),),
    )
