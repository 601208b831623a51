"""How often something may be asked for."""

from wxbot.web import rate as module
from wxbot.web.rate import Rate


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_and_then_as_fast_as_it_fills() -> None:
    time = Time()
    rate = Rate(1 / 20, time, burst=5)

    assert [rate.wait("a") for _ in range(6)] == [0, 0, 0, 0, 0, 20]
    time.now = 20
    assert [rate.wait("a"), rate.wait("a")] == [0, 20]


def test_each_key_has_its_own_bucket() -> None:
    rate = Rate(1, Time())

    assert [rate.wait("a"), rate.wait("b")] == [0, 0]
    assert rate.wait("a") == 1


def test_those_who_do_not_come_back_are_forgotten_and_those_who_do_are_not() -> None:
    time = Time()
    rate = Rate(1 / 20, time, burst=5)
    for number in range(module._MOST):
        rate.wait(f"once {number}")
    time.now = 30
    for _ in range(5):
        rate.wait("often")

    assert len(rate._levels) < 10
    assert rate.wait("often") > 0


def test_however_many_come_what_is_kept_has_an_end() -> None:
    rate = Rate(1 / 20, Time(), burst=5)
    for number in range(3 * module._MOST):
        rate.wait(str(number))

    assert len(rate._levels) <= module._MOST + 1
