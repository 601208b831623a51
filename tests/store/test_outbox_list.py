"""The outbox in pages: by state and topic, newest first, everything once."""

import pytest

from store.test_lanes import NOW
from wxbot.store import outbox_list
from wxbot.store.engine import Store
from wxbot.store.outbox_list import SEARCHED, Count

_MANY = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO followups (account, openid, lane_id, origin, message, due_at, ready_at, on_closed, priority, on_doubt,
  topic, state, changed_at, history)
SELECT :account, 'oUser' || i, 1, 'test', '{"msgtype":"text","text":{"content":"hi"}}', :now, :now, 'hold',
  'normal', 'resend', CAST(:topic AS TEXT), :state, :now, '' FROM n"""


def fill(
    store: Store, count: int, *, state: str = "refused", topic: str | None = None, account: str = "default"
) -> None:
    """Store so many follow-ups in one state."""
    of = {"state": state, "topic": topic, "account": account}
    store.write(lambda tx: tx.change(_MANY, count=count, now=NOW, **of))


def pages(store: Store, *states: str, topic: str | None = None, limit: int = 3) -> list[list[int]]:
    """The ids of each page, to the last."""
    found, before = [], outbox_list.NEWEST
    while True:
        one = store.read(
            lambda tx, before=before: outbox_list.page(  # type: ignore[misc]
                tx, "default", states, limit, topic=topic, before=before
            )
        )
        found.append([row.id for row in one.rows])
        if one.more is None:
            return found
        before = one.more


def count(store: Store, topic: str | None = None) -> Count:
    return store.read(lambda tx: outbox_list.count(tx, "default", "refused", topic))


def test_pages_have_every_one_of_a_state_once_newest_first(store: Store) -> None:
    fill(store, 4)
    fill(store, 2, state="held")
    fill(store, 1)

    assert pages(store, "refused") == [[7, 4, 3], [2, 1]]
    assert pages(store, "held") == [[6, 5]]
    assert pages(store, "sent") == [[]]


def test_a_page_that_is_just_full_is_the_last(store: Store) -> None:
    fill(store, 3)

    assert pages(store, "refused") == [[3, 2, 1]]


def test_several_states_are_one_list(store: Store) -> None:
    for state in ("refused", "held", "sent", "held"):
        fill(store, 1, state=state)

    assert pages(store, "refused", "held", limit=2) == [[4, 2], [1]]


def test_another_accounts_are_never_in_it(store: Store) -> None:
    fill(store, 2, account="second")

    assert pages(store, "refused") == [[]]
    assert count(store) == Count(0)


def test_one_topic_is_found_among_others(store: Store) -> None:
    for topic in ("flight:1", "flight:2", "flight:1", None):
        fill(store, 1, topic=topic)

    assert pages(store, "refused", topic="flight:1") == [[3, 1]]
    assert pages(store, "refused", "held", topic="flight:1", limit=1) == [[3], [1]]
    assert count(store, "flight:1") == Count(2)


@pytest.mark.parametrize("states", [("refused",), ("refused", "held")])
def test_a_topic_behind_what_one_search_looks_through_is_on_a_later_page(
    store: Store, states: tuple[str, ...]
) -> None:
    fill(store, 2, topic="old")
    fill(store, 1, topic="old", state="held")
    fill(store, SEARCHED)

    expected = [2, 1] if len(states) == 1 else [3, 2, 1]
    found = pages(store, *states, topic="old")
    assert [id for page in found for id in page] == expected
    assert found[0] == []
    assert count(store, "old") == Count(0, is_more=True)


def test_many_are_counted_only_so_far(store: Store) -> None:
    fill(store, 10_000)
    assert count(store) == Count(10_000)

    fill(store, 1)
    assert count(store) == Count(10_000, is_more=True)
