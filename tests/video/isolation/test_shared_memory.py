"""Samples cross between processes through memory that nobody can pull from under the reader."""

from __future__ import annotations

import os

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.video.isolation.shared_memory import FrameLayout, create_memory, open_memory


@given(st.integers(2, 4096), st.integers(2, 4096), st.integers(1, 2))
def test_pictures_of_all_slots_lie_side_by_side(width: int, height: int, pictures: int) -> None:
    layout = FrameLayout(width, height, pictures)
    starts = [layout.offset(slot, picture) for slot in range(layout.slots) for picture in range(pictures)]
    assert starts == [number * width * height * 3 for number in range(len(starts))]
    assert layout.slots >= 2
    assert layout.slots == 2 or starts[-1] + layout.picture_bytes <= 64 << 20


@given(st.integers(2, 4096), st.integers(2, 4096), st.integers(1, 2))
def test_sound_lies_behind_the_pictures_of_its_slot(width: int, height: int, pictures: int) -> None:
    layout = FrameLayout(width, height, pictures, has_sound=True)
    for slot in range(layout.slots):
        assert layout.sound_offset(slot) == layout.offset(slot, 0) + pictures * width * height * 3
        assert layout.offset(slot + 1, 0) == layout.sound_offset(slot) + 15600 * 4
    assert layout.mark_offset == layout.offset(layout.slots, 0)


def test_the_other_end_reads_what_was_written() -> None:
    owner = create_memory()
    other = open_memory(owner.handle)
    written = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    other.write(1000, written)
    read = np.zeros_like(written)
    assert owner.read(1000, read)
    assert np.array_equal(read, written)
    owner.close()


def test_memory_that_was_cut_short_is_no_picture() -> None:
    memory = create_memory()
    memory.write(0, np.ones(100, np.uint8))
    os.ftruncate(int(memory.handle), 50)
    assert not memory.read(0, np.zeros(100, np.uint8))
    memory.close()


def test_much_memory_is_given_back_and_little_is_kept() -> None:
    memory = create_memory()
    memory.write(0, np.ones(1 << 20, np.uint8))
    memory.trim()
    assert os.fstat(int(memory.handle)).st_size == 1 << 20
    memory.write(16 << 20, np.ones(1 << 20, np.uint8))
    memory.trim()
    assert os.fstat(int(memory.handle)).st_size == 0
    memory.write(0, np.full(10, 7, np.uint8))
    read = np.zeros(10, np.uint8)
    assert memory.read(0, read)
    assert read.tolist() == [7] * 10
    memory.close()
