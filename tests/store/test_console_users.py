"""Who may sign in, and which sessions are open."""

import pytest

from wxbot.errors import InvalidMessage, NotFound
from wxbot.store import console_users as users
from wxbot.store.engine import Store

NOW = 1_800_000_000.0
WORDS = "correct horse battery"
HASHED = users.hash_password("ann", WORDS)


def add(store: Store, name: str = "ann", role: users.Role = "owner", account: str | None = None) -> None:
    store.write(lambda tx: users.add(tx, name, HASHED, role, account, NOW))


def begin(store: Store, name: str = "ann", now: float = NOW) -> str:
    return store.write(lambda tx: users.begin_session(tx, name, now, address="127.0.0.1", browser="Firefox"))


def name_of(store: Store, token: str, now: float = NOW) -> str | None:
    found = store.read(lambda tx: users.of_session(tx, token, now))
    return found[2].name if found else None


def test_the_right_password_is_right_and_no_other(store: Store) -> None:
    add(store)

    user, hashed = store.read(lambda tx: users.hash_of(tx, "ann"))

    assert user is not None
    assert users.is_right(hashed, WORDS)
    assert not users.is_right(hashed, WORDS + "!")


def test_nobody_signs_in_by_an_unknown_name_or_a_disabled_one(store: Store) -> None:
    add(store)
    add(store, "bob")
    store.write(lambda tx: users.disable(tx, "bob", NOW))

    for name in ("eve", "bob"):
        user, hashed = store.read(lambda tx, name=name: users.hash_of(tx, name))  # type: ignore[misc]
        assert user is None
        assert not users.is_right(hashed, WORDS)


def test_a_password_is_not_stored(store: Store) -> None:
    add(store)

    [row] = store.read(lambda tx: tx.rows("SELECT * FROM console_users"))

    assert WORDS not in str(row)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "ann ann ann!", "x" * 201])
def test_a_password_that_is_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(InvalidMessage):
        users.hash_password("ann", password)


@pytest.mark.parametrize("name", ["", "a b", "安", "x" * 65, "a\n"])
def test_a_name_that_cannot_be_one_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InvalidMessage):
        add(store, name)


def test_a_name_is_given_once(store: Store) -> None:
    add(store)

    with pytest.raises(InvalidMessage, match="already"):
        add(store, role="agent")


def test_a_session_is_its_users_until_it_is_ended(store: Store) -> None:
    add(store)
    token = begin(store)
    assert name_of(store, token) == "ann"

    [session] = store.read(lambda tx: users.sessions(tx, NOW))
    assert store.write(lambda tx: users.end_session(tx, session.id))

    assert name_of(store, token) is None


def test_a_token_is_not_stored(store: Store) -> None:
    add(store)
    token = begin(store)

    assert token not in str(store.read(lambda tx: tx.rows("SELECT * FROM console_sessions")))


def test_a_session_that_is_not_used_for_a_week_is_over(store: Store) -> None:
    add(store)
    token = begin(store)

    assert name_of(store, token, NOW + users.IDLE - 1) == "ann"
    assert name_of(store, token, NOW + users.IDLE) is None


def test_a_session_that_is_used_is_over_after_a_month_all_the_same(store: Store) -> None:
    add(store)
    token = begin(store)
    store.write(lambda tx: users.note_session(tx, 1, NOW + users.LONGEST - 1))

    assert name_of(store, token, NOW + users.LONGEST - 1) == "ann"
    assert name_of(store, token, NOW + users.LONGEST) is None


def test_who_is_disabled_is_out_at_once_and_back_with_a_new_session(store: Store) -> None:
    add(store)
    add(store, "bob", "agent")
    token = begin(store, "bob")

    store.write(lambda tx: users.disable(tx, "bob", NOW))
    assert name_of(store, token) is None
    store.write(lambda tx: users.enable(tx, "bob"))

    assert name_of(store, token) is None
    assert name_of(store, begin(store, "bob")) == "bob"


def test_a_new_password_ends_every_session(store: Store) -> None:
    add(store)
    token = begin(store)

    store.write(lambda tx: users.set_password(tx, "ann", users.hash_password("ann", "another long word")))

    assert name_of(store, token) is None


def test_the_last_owner_stays(store: Store) -> None:
    add(store)
    add(store, "bob", "agent")
    add(store, "only-of-one-account", "owner", "second")

    with pytest.raises(InvalidMessage, match="only owner"):
        store.write(lambda tx: users.disable(tx, "ann", NOW))
    with pytest.raises(InvalidMessage, match="only owner"):
        store.write(lambda tx: users.set_role(tx, "ann", "operator"))
    store.write(lambda tx: users.set_role(tx, "bob", "owner"))
    store.write(lambda tx: users.set_role(tx, "ann", "operator"))

    assert [one.role for one in store.read(users.listed)] == ["operator", "owner", "owner"]


def test_what_is_done_to_a_stranger_is_refused(store: Store) -> None:
    for work in (
        lambda tx: users.set_password(tx, "eve", HASHED),
        lambda tx: users.set_role(tx, "eve", "owner"),
        lambda tx: users.disable(tx, "eve", NOW),
        lambda tx: users.enable(tx, "eve"),
    ):
        with pytest.raises(NotFound):
            store.write(work)


def test_each_role_may_do_what_those_below_it_may(store: Store) -> None:
    for role in users.ROLES:
        add(store, role, role)
    agent, operator, owner = store.read(users.listed)

    assert [agent.may(role) for role in users.ROLES] == [True, False, False]
    assert [operator.may(role) for role in users.ROLES] == [True, True, False]
    assert [owner.may(role) for role in users.ROLES] == [True, True, True]


def test_who_belongs_to_one_account_sees_no_other(store: Store) -> None:
    add(store, "ann", account="second")
    add(store, "bob")
    ann, bob = store.read(users.listed)

    assert (ann.sees("second"), ann.sees("default")) == (True, False)
    assert bob.sees("default")
