"""What the platform tells of followers, kept beside their windows; and how far an import has come."""

from dataclasses import replace

import pytest

from wxbot.errors import StoreError
from wxbot.inbox.commit import Terms, is_for_agent
from wxbot.protocol.window import Grant
from wxbot.store import contacts, followers
from wxbot.store.engine import Store
from wxbot.store.followers import Follower, Progress, Tag

NOW = 1_800_000_000.0
ANN = Follower("oAnn", NOW - 1000, "安", [2, 100], "oUnion")


def keep(store: Store, *who: Follower, asked: float = NOW) -> None:
    store.write(lambda tx: followers.keep(tx, "default", who, asked))


def shown(store: Store, openid: str = "oAnn") -> contacts.Contact:
    found = store.read(lambda tx: contacts.show(tx, "default", openid))
    assert found is not None
    return found


def test_an_imported_follower_has_no_window_and_is_heard_of_when_they_followed(store: Store) -> None:
    keep(store, ANN)

    one = shown(store)
    assert (one.remark, one.tags, one.last_at, one.subscribed) == ("安", [2, 100], NOW - 1000, True)
    assert one.open_grants(NOW) == []
    assert one.open_grants(NOW - 999) == []


def test_an_import_changes_no_window_and_not_when_somebody_was_heard_of(store: Store) -> None:
    store.write(lambda tx: contacts.seen(tx, "default", "oAnn", NOW - 5, Grant("message", 5, int(NOW) + 100)))
    before = shown(store)

    keep(store, ANN)

    assert shown(store) == replace(before, remark="安", tags=[2, 100])


@pytest.mark.parametrize(("left_at", "follows"), [(NOW - 5, True), (NOW + 5, False)])
def test_who_follows_again_does_so_unless_they_left_after_the_platform_was_asked(
    store: Store, left_at: float, follows: bool
) -> None:
    store.write(lambda tx: contacts.left(tx, "default", "oAnn", left_at))

    keep(store, ANN)

    assert shown(store).subscribed is follows


def test_tags_are_replaced_as_a_whole(store: Store) -> None:
    for tags in ([Tag(2, "星标组", 3), Tag(100, "会员", 1)], [Tag(100, "贵宾", 2)]):
        store.write(lambda tx, tags=tags: followers.keep_tags(tx, "default", tags))  # type: ignore[misc]

    assert store.read(lambda tx: followers.tags(tx, "default")) == [Tag(100, "贵宾", 2)]
    assert store.read(lambda tx: followers.tags(tx, "b")) == []


def test_contacts_get_the_tags_that_they_carry_slice_by_slice(store: Store) -> None:
    keep(store, ANN, Follower("oBob", NOW, tags=[7]), Follower("oCid", NOW))
    carried = {"oAnn": [100, 2], "oCid": [2]}
    first = store.write(lambda tx: followers.retag(tx, "default", carried, "", 2))
    second = store.write(lambda tx: followers.retag(tx, "default", carried, "oBob", 2))

    assert (first, second) == (("oBob", 1), ("oCid", 1))
    assert store.write(lambda tx: followers.retag(tx, "default", carried, "oCid", 2)) is None
    assert [shown(store, name).tags for name in ("oAnn", "oBob", "oCid")] == [[2, 100], [], [2]]


def test_of_two_imports_at_once_the_second_to_move_is_told(store: Store) -> None:
    store.write(lambda tx: followers.begin(tx, "default", NOW))
    at = store.read(lambda tx: followers.progress(tx, "default"))
    assert at == Progress("", "", 0, 0, NOW, None)
    further = replace(at, cursor="oAnn", done=1, total=3)
    store.write(lambda tx: followers.move(tx, "default", at, further))

    with pytest.raises(StoreError, match="another import"):
        store.write(lambda tx: followers.move(tx, "default", at, further))
    assert store.read(lambda tx: followers.progress(tx, "default")) == further


@pytest.mark.parametrize(
    ("told", "silent"),
    [
        ([], False),
        ([("a@x", 10)], True),
        ([("a@x", 10), ("", 20)], False),
        ([("a@x", 10), ("", 10)], False),
        ([("", 20), ("a@x", 10)], False),  # an old event that comes late
        ([("a@x", 10), ("b@x", 20)], True),
        ([("a@x", 4)], False),  # too long ago: its end was missed
    ],
)
def test_a_user_is_with_an_agent_from_the_newest_event_on(
    store: Store, told: list[tuple[str, int]], silent: bool
) -> None:
    keep(store, ANN)
    for agent, at in told:
        store.write(lambda tx, agent=agent, at=at: contacts.with_agent(tx, "default", "oAnn", agent, at))  # type: ignore[misc]

    since = store.read(lambda tx: contacts.standing(tx, "default", "oAnn", 9.0)).agent_since
    assert is_for_agent(since, Terms({}, agent_silence=4.0), 9.0) is silent
