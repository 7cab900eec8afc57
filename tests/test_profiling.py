from __future__ import annotations

from vidlabel.profiling import OFF, Phase, Profile, Stopwatch


def test_phases_add_up_and_are_taken_once() -> None:
    watch = Stopwatch()
    for _ in range(2):
        with watch.phase("encode"):
            sum(range(20_000))
    watch.add("decode", Phase(cpu_s=2.0))
    watch.count(3)
    taken = watch.take()
    assert (taken.samples, taken.decode.cpu_s, taken.head) == (3, 2.0, Phase())
    assert taken.encode.wall_s > 0
    assert watch.take() == Profile()


def test_profiles_of_workers_add_up() -> None:
    one = Profile(samples=2, encode=Phase(1.0, 2.0))
    assert one + Profile(samples=1, encode=Phase(0.5, 0.25), head=Phase(1.0)) == Profile(
        samples=3, encode=Phase(1.5, 2.25), head=Phase(1.0)
    )


def test_nothing_is_measured_when_nobody_asks() -> None:
    with OFF.phase("encode"):
        pass
    OFF.add("decode", Phase(1.0, 1.0))
    OFF.count(1)
    assert OFF.take() == Profile()
    assert OFF.phase("encode") is OFF.phase("head")
