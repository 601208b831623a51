"""What is planned, what closes and what waits: what each store function promises."""

import pytest

from store.test_lanes import NOW
from wxbot.protocol.outgoing import FollowUp, text_message
from wxbot.protocol.window import Grant
from wxbot.store import calendar, closing, contacts, outbox, publications, vitals
from wxbot.store.counts import hour_of
from wxbot.store.engine import Store
from wxbot.store.publications import State
from wxbot.store.revision import REVISION

HOUR = 3600


def publish(store: Store, key: str, due_at: float, state: State = "running", account: str = "default") -> None:
    new = FollowUp(message=text_message("hi"), due_at=due_at)
    store.write(lambda tx: publications.insert(tx, account, "topic", key, new, now=NOW, state=state))


def queue(store: Store, due_at: float, *, now: float = NOW, openid: str = "oUser", account: str = "default") -> int:
    new = FollowUp(message=text_message("hi"), due_at=due_at)
    return store.write(lambda tx: outbox.insert(tx, account, openid, new, origin="cli", now=now))[0]


def test_publications_are_told_by_when_they_are_due(store: Store) -> None:
    publish(store, "second", NOW + HOUR, "waiting")
    publish(store, "first", NOW)
    publish(store, "third", NOW + 2 * HOUR, "done")
    publish(store, "not any more", NOW + HOUR, "cancelled")
    publish(store, "before", NOW - 1)
    publish(store, "after", NOW + 3 * HOUR)
    publish(store, "foreign", NOW, account="other")

    found = store.read(lambda tx: calendar.due(tx, "default", NOW, NOW + 3 * HOUR, 10))
    two = store.read(lambda tx: calendar.due(tx, "default", NOW, NOW + 3 * HOUR, 2))

    assert [one.key for one in found] == ["first", "second", "third"]
    assert [one.key for one in two] == ["first", "second"]


def test_follow_ups_that_wait_for_their_time_are_counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for due_at in (NOW, NOW + 10, NOW + HOUR, NOW + HOUR + 1):
        queue(store, due_at)
    queue(store, NOW + 10, account="other")

    def count(since: float, until: float) -> int:
        return store.read(lambda tx: calendar.scheduled(tx, "default", since, until))

    assert count(NOW + 1, NOW + HOUR) == 1
    assert count(NOW + HOUR, NOW + 2 * HOUR) == 2
    monkeypatch.setattr(calendar, "MOST", 1)
    assert count(NOW + 1, NOW + 2 * HOUR) == 2


def test_windows_are_counted_in_the_hour_in_which_they_close(store: Store) -> None:
    first = hour_of(NOW)
    ends = [first + 1800, first + HOUR, first + 2 * HOUR - 1, first + 49 * HOUR]
    for number, until in enumerate(ends):
        grant = Grant("message", 5, until)
        store.write(lambda tx: contacts.seen(tx, "default", f"o{number}", NOW, grant))  # noqa: B023  # run at once
    store.write(lambda tx: contacts.seen(tx, "default", "oSpent", NOW, Grant("message", 0, first + HOUR)))
    store.write(lambda tx: contacts.seen(tx, "other", "oUser", NOW, Grant("message", 5, first + HOUR)))

    found = store.read(lambda tx: closing.by_hour(tx, "default", first, 48))

    assert found == {first: 1, first + HOUR: 2}


def test_what_waits_longest_for_a_sender_is_found_in_any_lane(store: Store) -> None:
    def oldest(account: str = "default") -> float | None:
        return store.read(lambda tx: vitals.oldest_due(tx, account, NOW))

    assert oldest() is None
    queue(store, NOW + 5)
    assert oldest() is None
    queue(store, NOW - 5, now=NOW - 10)
    chat = FollowUp(message=text_message("hi"), due_at=NOW - 7, lane="chat")
    store.write(lambda tx: outbox.insert(tx, "default", "oUser", chat, origin="cli", now=NOW - 10))

    assert oldest() == NOW - 7
    assert oldest("other") is None


def test_states_are_counted_and_not_without_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "MOST", 2)
    for _ in range(4):
        queue(store, NOW + 5)

    assert store.read(lambda tx: vitals.count_state(tx, "default", "scheduled")) == 3
    assert store.read(lambda tx: vitals.count_state(tx, "default", "doubtful")) == 0
    assert store.read(lambda tx: vitals.count_state(tx, "other", "scheduled")) == 0


def test_a_store_tells_its_size_and_its_revision(store: Store) -> None:
    size = store.read(vitals.size)

    assert size.data > 100_000
    assert size.log >= 0
    assert store.read(vitals.revision) == REVISION
