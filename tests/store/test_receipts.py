"""What the platform says later: found by its msgid, noted once, on both databases."""

from store.test_lanes import NOW, claim, lease, put
from wxbot.protocol.outgoing import FollowUp
from wxbot.store import outbox, publications, pushes, receipts
from wxbot.store.engine import Store
from wxbot.store.pushes import Arrival


def sent(store: Store, msgid: int = 7, rung: str = "template") -> int:
    id = put(store)
    change = "UPDATE followups SET state = 'sent', rung = :rung, msgid = :msgid WHERE id = :id"
    store.write(lambda tx: tx.change(change, rung=rung, msgid=msgid, id=id))
    return id


def test_a_receipt_finds_its_follow_up_by_user_msgid_and_rung(store: Store) -> None:
    id = sent(store)
    found = store.read(lambda tx: receipts.of_msgid(tx, "default", "oUser", 7, "template"))
    others = [("another", "oUser", 7, "template"), ("default", "oOther", 7, "template"),
              ("default", "oUser", 8, "template"), ("default", "oUser", 7, "subscription")]  # fmt: skip

    assert [one.id for one in found] == [id]
    assert [store.read(lambda tx, where=where: receipts.of_msgid(tx, *where)) for where in others] == [[]] * 4  # type: ignore[misc]


def test_one_that_was_not_delivered_wakes_its_lane_for_the_next_rung_once(store: Store) -> None:
    sent(store)
    [one] = store.read(lambda tx: receipts.of_msgid(tx, "default", "oUser", 7, "template"))
    store.write(lambda tx: tx.change("UPDATE lanes SET wake_at = NULL"))
    for _ in range(2):
        store.write(lambda tx: receipts.note(tx, one, NOW, "queued", "webhook", "why", "failed"))

    noted = store.read(lambda tx: tx.rows("SELECT state, rung, history FROM followups"))
    assert [(row[0], row[1], row[2].count("receipt")) for row in noted] == [("queued", "webhook", 1)]
    assert len(claim(store, lease("a"))) == 1


def test_the_latest_pushes_of_a_user_come_in_their_order(store: Store) -> None:
    for number, openid in enumerate(["oUser", "oOther", "oUser", "oUser"]):
        arrival = Arrival("default", f"k{number}", openid, NOW + number, f"<{number}>".encode())
        store.write(lambda tx, arrival=arrival: pushes.insert(tx, arrival))  # type: ignore[misc]

    assert store.read(lambda tx: pushes.latest(tx, "default", "oUser", since=NOW + 1)) == [b"<2>", b"<3>"]
    assert store.read(lambda tx: pushes.latest(tx, "default", "oUser", since=NOW, limit=1)) == [b"<3>"]


def test_the_newest_notice_of_a_name_is_the_last_that_was_not_cancelled(store: Store) -> None:
    new = FollowUp(message="{}", due_at=NOW, facts='{"was": ""}')
    ids = []
    for number in (1, 2):
        ids += [store.write(lambda tx, n=number: publications.insert(  # type: ignore[misc]
            tx, "default", "t", f"news:gate:{n}", new, now=NOW, step="gate"))[0]]  # fmt: skip
    store.write(lambda tx: publications.cancel(tx, ids[1]))
    found = store.read(lambda tx: publications.last_news(tx, "default", "t", "gate"))

    assert found is not None
    assert (found.id, found.waits) == (ids[0], True)
    assert store.read(lambda tx: publications.last_news(tx, "default", "t", "moved")) is None


def test_what_is_superseded_or_recalled_ends_and_a_recalled_key_is_free(store: Store) -> None:
    new = FollowUp(message="{}", due_at=NOW, key="k", coalesce="gate", facts='{"was": "C23"}')
    store.write(lambda tx: outbox.insert(tx, "default", "oUser", new, origin="test", now=NOW))

    assert store.read(lambda tx: outbox.replaced(tx, "default", "oUser", "gate")) == '{"was": "C23"}'
    store.write(lambda tx: outbox.supersede(tx, "default", "oUser", "gate", NOW, "why"))
    assert store.read(lambda tx: outbox.replaced(tx, "default", "oUser", "gate")) is None
    subscribed = "INSERT INTO subscriptions (account, topic, openid, since) VALUES ('default', 't', 'oUser', 0)"
    store.write(lambda tx: tx.change(subscribed))
    assert store.write(lambda tx: outbox.recall(tx, "default", "t", "k", NOW, "why")) == 0
    assert store.read(lambda tx: tx.rows("SELECT state, key FROM followups")) == [("superseded", None)]
