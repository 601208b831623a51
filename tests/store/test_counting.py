"""What is counted, is counted once: however many count, whenever they are killed, and in which order it comes."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from simulator.bench import StoppedClock
from wxbot.delivery import counting
from wxbot.delivery.counting import SETTLED, Counting
from wxbot.delivery.pruning import Keep, Pruning
from wxbot.protocol.outgoing import FollowUp, text_message
from wxbot.protocol.replies import NO_REPLY
from wxbot.store import counts, outbox, pushes
from wxbot.store.engine import Store, Transaction
from wxbot.store.pushes import Arrival

HOUR = 3600
DAY = 86_400


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()  # its time is a whole hour


def push(store: Store, number: int, at: float, **more: object) -> None:
    new = Arrival("default", f"k{number}", "oUser", at, b"<xml/>", **{"reply": b"<xml/>", **more})  # type: ignore[arg-type]
    store.write(lambda tx: pushes.insert(tx, new))


def end(store: Store, openid: str, state: str, at: float, *, account: str = "default") -> None:
    """Let a follow-up come to an end."""
    new = FollowUp(message=text_message("hi"), due_at=at)

    def work(tx: Transaction) -> None:
        id, _ = outbox.insert(tx, account, openid, new, origin="cli", now=at)
        tx.change("UPDATE followups SET state = :state, changed_at = :at WHERE id = :id", state=state, at=at, id=id)

    store.write(work)


def count(store: Store, clock: StoppedClock) -> None:
    while Counting(store, clock).step():
        pass


def counted(store: Store, account: str = "default") -> dict[tuple[int, str], int]:
    return store.read(lambda tx: counts.since(tx, account, 0))


def total(store: Store, what: str) -> int:
    return sum(count for (_, name), count in counted(store).items() if name == what)


def test_pushes_are_counted_by_hour_and_by_what_became_of_them(store: Store, clock: StoppedClock) -> None:
    now = int(clock.now())
    push(store, 1, now, took=0.1)
    push(store, 2, now + 1, took=0.2, reply=NO_REPLY)
    push(store, 3, now + HOUR, took=3.4, state="failed", error="boom")
    push(store, 4, now + HOUR, took=3.6)
    push(store, 5, now + HOUR, took=3.5, reply=NO_REPLY, state="handed_off", owner="w")
    push(store, 6, now + HOUR, reply=b"")
    clock.advance(HOUR + 60)

    count(store, clock)

    first, second = now, now + HOUR
    assert counted(store) == {
        (first, "pushes"): 2,
        (first, "replies"): 1,
        (first, "took:0.2"): 1,
        (first, "took:1"): 1,
        (second, "pushes"): 4,
        (second, "replies"): 2,
        (second, "failed"): 1,
        (second, "took:3.5"): 1,
        (second, "took:longer"): 1,
        (second, "handed_off"): 1,
    }


def test_follow_ups_are_counted_when_they_come_to_an_end(store: Store, clock: StoppedClock) -> None:
    now = clock.now()
    for state in ("sent", "sent", "refused", "doubtful", "expired", "cancelled", "superseded", "held", "scheduled"):
        end(store, "oUser", state, now)
    end(store, "oUser", "sent", now, account="other")
    clock.advance(60)

    count(store, clock)

    hour = int(now)
    once = ("refused", "doubtful", "expired", "cancelled", "superseded")
    assert counted(store) == {
        (hour, "follow_up:sent"): 2,
        **{(hour, f"follow_up:{state}"): 1 for state in once},
    }
    assert counted(store, "other") == {(hour, "follow_up:sent"): 1}


def test_what_was_counted_is_not_counted_again(store: Store, clock: StoppedClock) -> None:
    push(store, 1, clock.now())
    end(store, "oUser", "sent", clock.now())
    clock.advance(60)

    for _ in range(3):
        count(store, clock)

    assert (total(store, "pushes"), total(store, "follow_up:sent")) == (1, 1)


def test_what_is_young_waits_and_what_is_behind_it_too(store: Store, clock: StoppedClock) -> None:
    """A transaction with a lower number may become visible yet."""
    old = clock.now()
    clock.advance(60)
    push(store, 1, old)
    push(store, 2, clock.now() - SETTLED + 1)
    push(store, 3, old)
    end(store, "oUser", "sent", clock.now() - SETTLED + 1)

    count(store, clock)
    assert (total(store, "pushes"), total(store, "follow_up:sent")) == (1, 0)

    clock.advance(1)
    count(store, clock)
    assert (total(store, "pushes"), total(store, "follow_up:sent")) == (3, 1)


def test_a_push_of_a_clock_that_was_wrong_stops_nothing(store: Store, clock: StoppedClock) -> None:
    push(store, 1, clock.now() + DAY)
    push(store, 2, clock.now())
    clock.advance(60)

    count(store, clock)

    assert total(store, "pushes") == 2


def test_slices_leave_nothing_out(store: Store, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "SLICE", 3)
    for number in range(10):
        push(store, number, clock.now())
        end(store, "oUser", "sent", clock.now() + number // 4)  # several at one moment
    clock.advance(60)

    count(store, clock)

    assert (total(store, "pushes"), total(store, "follow_up:sent")) == (10, 10)


def test_two_who_count_at_the_same_moment_count_once(store: Store, clock: StoppedClock) -> None:
    push(store, 1, clock.now())
    end(store, "oUser", "sent", clock.now())
    clock.advance(60)
    other = Counting(store, clock)
    interrupted = Interrupted(store, lambda: other.step())

    Counting(interrupted, clock).step()  # type: ignore[arg-type]  # a store to it

    assert interrupted.met
    assert (total(store, "pushes"), total(store, "follow_up:sent")) == (1, 1)


def test_who_is_killed_before_the_commit_has_counted_nothing(store: Store, clock: StoppedClock) -> None:
    push(store, 1, clock.now())
    clock.advance(60)

    class Killed(Exception):
        pass

    def work(tx: Transaction) -> None:
        assert counts.move(tx, "pushes", 0.0, 1.0)
        counts.add(tx, "default", clock.now(), "pushes")
        raise Killed

    with suppress(Killed):
        store.write(work)
    count(store, clock)

    assert total(store, "pushes") == 1


class Interrupted:
    """A store before whose first write something else happens."""

    def __init__(self, store: Store, happens: Callable[[], object]) -> None:
        self.read, self._store, self._happens, self.met = store.read, store, happens, False

    def write(self, work: Callable[[Transaction], object]) -> object:
        if not self.met:
            self.met = True
            self._happens()
        return self._store.write(work)


def test_a_cursor_moves_only_from_where_it_stands(store: Store) -> None:
    assert store.write(lambda tx: counts.move(tx, "any", 0.0, 5.0))
    assert not store.write(lambda tx: counts.move(tx, "any", 0.0, 6.0))
    assert store.read(lambda tx: counts.position(tx, "any")) == 5.0


def test_counts_of_the_last_35_days_are_kept(store: Store, clock: StoppedClock) -> None:
    now = clock.now()
    for days in (36, 34, 0):
        store.write(lambda tx, days=days: counts.add(tx, "default", now - days * DAY, "pushes"))  # type: ignore[misc]
    keep = Keep(pushes=None, follow_ups=None, publications=None, plans=None, unfollowed=None, media=None)

    Pruning(store, clock, keep).step()

    assert sorted(hour for hour, _ in counted(store)) == [now - 34 * DAY, now]


def test_a_stranger_to_the_account_sees_none_of_its_counts(store: Store, clock: StoppedClock) -> None:
    store.write(lambda tx: counts.add(tx, "default", clock.now(), "pushes"))

    assert counted(store, "other") == {}
