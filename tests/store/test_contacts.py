"""What is left of a user's grants, on both databases."""

import pytest

from wxbot.protocol.window import MARGIN, Grant, Kind, spend
from wxbot.store import contacts
from wxbot.store.engine import Store, Transaction

END = 1_800_000_000  # when the grant that is about to end does


@pytest.mark.parametrize(("ending", "lasting"), [("message", "action"), ("action", "message")])
def test_a_grant_too_near_its_end_is_spent_too_so_that_a_clock_set_back_opens_nothing(
    store: Store, ending: Kind, lasting: Kind
) -> None:
    store.write(lambda tx: contacts.seen(tx, "default", "oUser", END - 90, Grant(ending, 2, END)))
    store.write(lambda tx: contacts.seen(tx, "default", "oUser", END - 3, Grant(lasting, 3, END + 9_000)))
    for _ in range(3):
        assert taken(store, END - 3).kind == lasting
    store.write(lambda tx: contacts.give_back(tx, "default", "oUser", f"{lasting}:{END + 9_000}"))

    found = {one.kind: one.left for one in store.read(lambda tx: contacts.grants(tx, "default", "oUser"))}
    assert found == {ending: 0, lasting: 1}


def test_a_grant_that_ends_later_is_kept_while_another_is_spent(store: Store) -> None:
    store.write(lambda tx: contacts.seen(tx, "default", "oUser", END - 60, Grant("action", 3, END)))
    store.write(lambda tx: contacts.seen(tx, "default", "oUser", END - 50, Grant("message", 5, END + 9_000)))
    assert taken(store, END - MARGIN["action"] - 1).kind == "action"
    assert taken(store, END).kind == "message"

    found = {one.kind: one.left for one in store.read(lambda tx: contacts.grants(tx, "default", "oUser"))}
    assert found == {"action": 1, "message": 4}


def taken(store: Store, now: float) -> Grant:
    """Return the grant that a message spends at this moment."""

    def work(tx: Transaction) -> Grant:
        grant = spend(contacts.grants(tx, "default", "oUser"), now)
        assert grant
        assert contacts.spend(tx, "default", "oUser", grant)
        return grant

    return store.write(work)
