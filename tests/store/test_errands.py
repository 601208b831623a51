"""Errands: everything of a state, once, and nothing that came later; whoever dies, another goes on."""

import contextlib

import pytest

from simulator.bench import StoppedClock
from store.test_lanes import NOW
from wxbot.delivery.acts import FITTING, Act
from wxbot.delivery.errands import LOOKS, SLICE, Errands
from wxbot.protocol.outgoing import FollowUp, text_message
from wxbot.store import errands, outbox
from wxbot.store.engine import Store, Transaction


def put(store: Store, count: int, *, topic: str | None = None, state: str = "refused") -> None:
    """Store so many follow-ups, and bring them into a state."""

    def work(tx: Transaction) -> None:
        for number in range(count):
            new = FollowUp(message=text_message("hi"), due_at=NOW + 3600, topic=topic)
            id, _ = outbox.insert(tx, "default", f"o{number % 7}", new, origin="test", now=NOW)
            tx.change("UPDATE followups SET state = :state WHERE id = :id", id=id, state=state)

    store.write(work)


def want(store: Store, act: Act = "retry", state: str = "refused", topic: str | None = None) -> int:
    size = store.read(lambda tx: errands.size(tx, "default", state))
    return store.write(lambda tx: errands.add(tx, "default", "ann", act, state, size, now=NOW, topic=topic))


def run(store: Store) -> int:
    """Work until there is nothing to do; return how many slices it took."""
    work, slices = Errands(store, StoppedClock()), 0
    while work.step():
        slices += 1
    return slices


def states(store: Store) -> list[tuple[str, int]]:
    found = store.read(
        lambda tx: tx.rows("SELECT state, count(*) FROM followups GROUP BY state ORDER BY count(*), state")
    )
    return [(row[0], row[1]) for row in found]


def shown(store: Store, id: int) -> errands.Errand:
    [one] = [one for one in store.read(lambda tx: errands.listed(tx, "default", 10)) if one.id == id]
    return one


def test_an_errand_does_it_to_every_one_of_its_state(store: Store) -> None:
    put(store, 2 * SLICE + 50)
    put(store, 3, state="sent")
    id = want(store)

    assert run(store) == 3

    assert states(store) == [("sent", 3), ("queued", 2 * SLICE + 50)]
    one = shown(store, id)
    assert (one.total, one.seen, one.changed, one.status) == (250, 250, 250, "done")
    [wake] = store.read(lambda tx: tx.rows("SELECT DISTINCT wake_at FROM lanes"))
    assert wake == (NOW,)


def test_who_wanted_it_stands_in_each_history(store: Store) -> None:
    put(store, 1)
    want(store)
    run(store)

    one = store.read(lambda tx: outbox.show(tx, "default", 1))
    assert one is not None
    assert one.history[-1]["why"] == "ann tries again"


def test_what_came_after_it_was_wanted_stays(store: Store) -> None:
    put(store, 2)
    want(store)
    put(store, 1)

    run(store)

    assert states(store) == [("refused", 1), ("queued", 2)]


def test_what_comes_back_into_the_state_is_not_changed_again(store: Store) -> None:
    put(store, SLICE + 1)
    want(store)
    work = Errands(store, StoppedClock())
    work.step()
    store.write(lambda tx: tx.change("UPDATE followups SET state = 'refused'"))  # as the platform may say again

    run(store)

    assert states(store) == [("queued", 1), ("refused", SLICE)]


def test_an_errand_about_a_topic_leaves_all_others(store: Store) -> None:
    put(store, SLICE, topic="flight:1")
    put(store, LOOKS - 10, topic="flight:2")
    put(store, SLICE + 5, topic="flight:1")
    id = want(store, topic="flight:1")

    run(store)

    assert states(store) == [("queued", 2 * SLICE + 5), ("refused", LOOKS - 10)]
    one = shown(store, id)
    assert (one.seen, one.changed) == (one.total, 2 * SLICE + 5)


def test_a_slice_undone_is_done_by_the_next_and_nothing_twice(store: Store) -> None:
    put(store, 5)
    id = want(store)

    def dies(tx: Transaction) -> None:
        one = errands.take(tx)
        assert one is not None
        to = errands.next_slice(tx, one, SLICE, LOOKS)
        assert outbox.retry_many(tx, "default", to.found, NOW, "ann tries again") == 5
        errands.advance(tx, one, to, 5, NOW)
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        store.write(dies)
    run(store)

    assert shown(store, id).changed == 5
    histories = store.read(lambda tx: tx.rows("SELECT history FROM followups"))
    assert [history.count("ann tries again") for (history,) in histories] == [1] * 5


def test_a_stopped_errand_changes_nothing_more(store: Store) -> None:
    put(store, SLICE + 1)
    id = want(store)
    Errands(store, StoppedClock()).step()

    assert store.write(lambda tx: errands.stop(tx, "default", id, NOW))
    run(store)

    assert states(store) == [("refused", 1), ("queued", SLICE)]
    assert shown(store, id).status == "stopped"
    assert not store.write(lambda tx: errands.stop(tx, "default", id, NOW))


def test_nobody_stops_another_accounts_errand(store: Store) -> None:
    id = want(store)

    assert not store.write(lambda tx: errands.stop(tx, "second", id, NOW))


def test_an_errand_about_nothing_is_done_at_once(store: Store) -> None:
    id = want(store)

    assert run(store) == 1
    assert shown(store, id).status == "done"


@pytest.mark.parametrize(("state", "act"), [(state, act) for state in FITTING for act in FITTING[state]])
def test_what_fits_a_state_can_be_done_in_it(store: Store, state: str, act: Act) -> None:
    put(store, 1, state=state)
    want(store, act, state)

    run(store)

    assert states(store) == [("cancelled" if act == "cancel" else "queued", 1)]


@pytest.mark.parametrize("state", ["claimed", "sending", "sent", "superseded"])
@pytest.mark.parametrize("act", ["retry", "cancel", "send_now"])
def test_what_went_out_or_is_going_stays_as_it_is(store: Store, state: str, act: Act) -> None:
    put(store, 1, state=state)
    want(store, act, state)

    run(store)

    assert states(store) == [(state, 1)]


def test_what_is_sent_now_keeps_its_end(store: Store) -> None:
    new = FollowUp(message=text_message("hi"), due_at=NOW + 60, not_after=NOW + 120)
    store.write(lambda tx: outbox.insert(tx, "default", "o", new, origin="test", now=NOW))

    assert store.write(lambda tx: outbox.send_now(tx, "default", 1, NOW, "now"))

    one = store.read(lambda tx: outbox.show(tx, "default", 1))
    assert one is not None
    assert (one.state, one.due_at, one.not_after) == ("queued", NOW, NOW + 120)
    assert not store.write(lambda tx: outbox.send_now(tx, "default", 1, NOW, "again"))
