"""Changes to the bytes of a file, each by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable


def flip_bits(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 3, 10, 50])):
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def change_head(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(5):
        changed[chance.randrange(min(len(data), 1500))] = chance.randrange(256)
    return bytes(changed)


def zero_stretch(data: bytes, chance: random.Random) -> bytes:
    start, end = _stretch(data, chance)
    return data[:start] + bytes(end - start) + data[end:]


def delete_stretch(data: bytes, chance: random.Random) -> bytes:
    start, end = _stretch(data, chance)
    return data[:start] + data[end:]


def repeat_stretch(data: bytes, chance: random.Random) -> bytes:
    start, end = _stretch(data, chance)
    return data[:end] + data[start:]


def insert_noise(data: bytes, chance: random.Random) -> bytes:
    start, _ = _stretch(data, chance)
    return data[:start] + bytes(chance.randrange(256) for _ in range(chance.randrange(1, 2000))) + data[start:]


def cut_off(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) // 4, len(data))]


def _stretch(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(data) - 1)
    return start, min(len(data), start + chance.randrange(1, len(data) // 5))


Mutation = Callable[[bytes, random.Random], bytes]
MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    change_head,
    zero_stretch,
    delete_stretch,
    repeat_stretch,
    insert_noise,
    cut_off,
)


def mutate(data: bytes, seed: str) -> tuple[Mutation, bytes]:
    """A change that the seed chooses, and what it makes of the data."""
    chance = random.Random(seed)
    mutation = chance.choice(MUTATIONS)
    return mutation, mutation(data, chance)
