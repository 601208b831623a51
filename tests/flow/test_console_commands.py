"""`wxbot console`: who may sign in, said on the server."""

import json
from pathlib import Path

import pytest

from flow.console_bench import PASSWORD, somebody
from flow.stage import Stage
from flow.test_commands import run


@pytest.fixture
def url(database: Path) -> str:
    """Commands ask the same store functions as the rest: SQLite will do."""
    return f"sqlite:///{database}"


def told(still: Stage, *arguments: str, password: str = "") -> str:
    done = run(still, "console", *arguments, given=f"{password}\n" if password else "")
    assert done.returncode == 0, done.stderr
    return done.stdout


def add(still: Stage, name: str, role: str, *more: str) -> str:
    return told(still, "adduser", name, "--role", role, "--password-stdin", *more, password=PASSWORD)


def test_whom_the_command_lets_in_can_sign_in(still: Stage) -> None:
    assert "/console" in add(still, "ann", "owner")

    assert somebody(still).sign_in("ann").status_code == 303


def test_a_new_password_counts_at_once_and_the_old_one_no_more(still: Stage) -> None:
    add(still, "ann", "owner")
    ann = somebody(still)
    ann.sign_in("ann")

    told(still, "passwd", "ann", "--password-stdin", password="another long word")

    assert ann.get("/default/conversations").status_code == 302
    assert somebody(still).sign_in("ann").status_code == 401
    assert somebody(still).sign_in("ann", "another long word").status_code == 303


def test_who_is_disabled_is_out_and_who_is_enabled_can_come_back(still: Stage) -> None:
    add(still, "ann", "owner")
    add(still, "bob", "agent")

    told(still, "disable", "bob")
    assert somebody(still).sign_in("bob").status_code == 401
    told(still, "enable", "bob")
    told(still, "role", "bob", "--role", "operator")

    assert somebody(still).sign_in("bob").status_code == 303
    shown = json.loads(told(still, "users", "--json"))
    assert [(one["name"], one["role"]) for one in shown] == [("ann", "owner"), ("bob", "operator")]
    assert "password" not in str(shown)


def test_signout_ends_every_session(still: Stage) -> None:
    add(still, "ann", "owner")
    browsers = [somebody(still) for _ in range(2)]
    for one in browsers:
        one.sign_in("ann")

    assert "2 session(s)" in told(still, "signout", "ann")

    assert [one.get("/default/conversations").status_code for one in browsers] == [302, 302]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["adduser", "eve", "--role", "agent", "--password-stdin"], "10 to 200 characters"),
        (["adduser", "a b", "--role", "agent", "--password-stdin"], "a name has"),
        (["adduser", "eve", "--role", "agent", "--account", "second", "--password-stdin"], "no account 'second'"),
        (["passwd", "nobody", "--password-stdin"], "no user 'nobody'"),
        (["disable", "ann"], "the only owner"),
        (["role", "ann", "--role", "agent"], "the only owner"),
        (["signout", "nobody"], "no user 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(still: Stage, arguments: list[str], why: str) -> None:
    add(still, "ann", "owner")
    password = "short" if why.startswith("10") else PASSWORD

    done = run(still, "console", *arguments, given=f"{password}\n")

    assert done.returncode == 1
    assert why in done.stderr
    assert [row[0] for row in still.rows("SELECT name FROM console_users")] == ["ann"]


def test_what_commands_do_is_in_the_audit_trail(still: Stage) -> None:
    add(still, "ann", "owner")
    add(still, "bob", "agent")
    told(still, "disable", "bob")

    deeds = still.rows("SELECT name, action, target FROM audit ORDER BY id")
    assert deeds == [
        ("wxbot console", "add_user", "ann"),
        ("wxbot console", "add_user", "bob"),
        ("wxbot console", "disable", "bob"),
    ]
