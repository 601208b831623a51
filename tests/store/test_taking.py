"""What a sender takes in hand: begun with the claim where nobody is in the way, never without its lease."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from store.test_lanes import NOW, put
from wxbot.delivery.begin import Beginning
from wxbot.delivery.budget import Budget
from wxbot.delivery.claims import Claims
from wxbot.delivery.places import Places
from wxbot.delivery.taking import Taken, Taking
from wxbot.delivery.way import Going, Way
from wxbot.protocol.window import Grant
from wxbot.store import contacts
from wxbot.store.engine import Store, Transaction
from wxbot.store.lanes import Move

LEASE, SLACK = 30.0, 12.0
STATES = "SELECT state FROM followups ORDER BY id"
LEASE_UNTIL = "SELECT lease_until FROM lanes"
GRANTS = "SELECT message_left FROM contacts"


class Clock:
    """The outbox's time stands still; waiting time is real."""

    def now(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return time.monotonic()


class Eventful(Clock):
    """Something happens right before the second look at it: between a claim and what is begun with that."""

    def __init__(self, event: Callable[[], None]) -> None:
        self._looks = iter((lambda: None, event))

    def now(self) -> float:
        next(self._looks, lambda: None)()
        return NOW


def taking(store: Store, *accounts: str, keep: int = 0, clock: Clock | None = None) -> Taking:
    nothing: Any = None  # neither calls nor files are made here
    ways = {name: Way(nothing, 1000.0, Budget(keep), nothing, nothing) for name in accounts or ("default",)}
    claims = Claims(store, LEASE)
    return Taking(
        store, clock or Clock(), claims, Beginning(store, claims, ways, {"default": Places(8)}), ways, SLACK
    )


@pytest.fixture
def one(store: Store) -> Store:
    """A store with one message that is due and may go out."""
    put(store, "oUser")
    store.write(lambda tx: contacts.seen(tx, "default", "oUser", NOW, Grant("message", 5, int(NOW) + 9_000)))
    return store


def asked(store: Store, sql: str) -> list[Any]:
    return [row[0] for row in store.read(lambda tx: tx.rows(sql))]


def test_what_is_claimed_is_begun_with_that(one: Store) -> None:
    [taken] = one.write(taking(one).take("default", 8))

    assert taken.is_begun
    assert isinstance(taken.going, Going)
    assert (asked(one, STATES), asked(one, GRANTS)) == (["sending"], [4])


def test_of_a_users_two_lanes_the_second_sees_what_the_first_has_spent(one: Store) -> None:
    put(one, "oUser", lane="chat")
    one.write(lambda tx: tx.change("UPDATE contacts SET message_left = 2"))
    first, second = one.write(taking(one, keep=1).take("default", 8))

    assert isinstance(first.going, Going)
    assert isinstance(second.going, Move)
    assert (second.going.state, asked(one, GRANTS)) == ("held", [1])


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # on SQLite nobody writes beside a claim
def test_a_stranger_who_writes_while_their_message_is_claimed_gets_it(store: Store) -> None:
    put(store, "oStranger")
    grant = Grant("message", 5, int(NOW) + 9_000)

    def writes() -> None:
        store.write(lambda tx: contacts.seen(tx, "default", "oStranger", NOW, grant))

    [taken] = store.write(taking(store, clock=Eventful(writes)).take("default", 8, [2]))

    assert isinstance(taken.going, Going)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # on SQLite nobody holds a user of their own
def test_a_claim_waits_for_no_push(one: Store) -> None:
    """It has the lane, and a push that has the user may be about to ask for that."""
    sender = taking(one)

    def push(tx: Transaction) -> Taken:
        contacts.hold(tx, "default", "oUser")
        [taken] = one.write(sender.take("default", 8))
        return taken

    taken = one.write(push)
    assert (taken.is_begun, asked(one, STATES)) == (False, ["claimed"])
    assert isinstance(sender.begun(taken).going, Going)
    assert (asked(one, STATES), asked(one, GRANTS)) == (["sending"], [4])


def test_one_that_cannot_be_begun_keeps_no_other_from_going_out(one: Store) -> None:
    put(one, "oBroken")
    one.write(lambda tx: contacts.seen(tx, "default", "oBroken", NOW, Grant("message", 2, int(NOW) + 9_000)))
    one.write(lambda tx: tx.change("UPDATE followups SET message = '{' WHERE openid = 'oBroken'"))
    sender = taking(one)
    with pytest.raises(ValueError, match="Expecting"):
        one.write(sender.take("default", 8))
    taken = {each.one.head.openid: each for each in one.write(sender.take_only("default", 8))}

    assert asked(one, STATES) == ["claimed", "claimed"]
    assert isinstance(sender.begun(taken["oUser"]).going, Going)
    with pytest.raises(ValueError, match="Expecting"):
        sender.begun(taken["oBroken"])
    assert asked(one, STATES) == ["sending", "claimed"]


@pytest.mark.parametrize(("ago", "is_renewed"), [(SLACK / 2 - 1, False), (SLACK / 2 + 1, True)])
def test_a_lease_is_renewed_once_much_of_it_has_run(one: Store, ago: float, is_renewed: bool) -> None:
    sender = taking(one)
    taken = claimed(one, sender, ago)
    before = asked(one, LEASE_UNTIL)
    begun = sender.begun(taken)

    assert (asked(one, LEASE_UNTIL) > before) is is_renewed
    assert (begun.since > taken.since) is is_renewed


@pytest.mark.parametrize("ago", [0.0, SLACK])
def test_what_another_sender_has_taken_over_is_not_begun(one: Store, ago: float) -> None:
    sender = taking(one)
    taken = claimed(one, sender, ago)
    one.write(lambda tx: tx.change("UPDATE lanes SET owner = 'another', claim = claim + 1"))
    one.write(lambda tx: tx.change("UPDATE followups SET owner = 'another', claim = claim + 1"))

    assert sender.begun(taken).going is None
    assert (asked(one, STATES), asked(one, GRANTS)) == (["claimed"], [5])


def claimed(store: Store, sender: Taking, ago: float) -> Taken:
    """Claim without beginning, so many seconds ago."""
    [taken] = store.write(sender.take_only("default", 8))
    return Taken(taken.one, taken.since - ago)


@pytest.mark.parametrize("how", ["take", "take_only"])
def test_a_lease_is_counted_from_before_it_runs(one: Store, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """A process may be stopped for longer than a lease between any two lines of the claim."""
    looks: list[str] = []

    def noted(name: str, real: Callable[..., float]) -> Callable[..., float]:
        def look(*arguments: Any) -> float:
            looks.append(name)
            return real(*arguments)

        return look

    monkeypatch.setattr(one, "lease_clock", noted("lease", one.lease_clock))
    monkeypatch.setattr(Clock, "monotonic", noted("since", Clock.monotonic))
    sender = taking(one)
    [taken] = one.write(getattr(sender, how)("default", 8))

    assert looks[0] == "since"
    assert looks.count("since") == 1
    assert taken.since <= time.monotonic()
