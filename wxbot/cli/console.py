"""`wxbot console`: who may sign in at the console."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

import click

from wxbot.cli import show
from wxbot.cli.opened import opened
from wxbot.store import audit
from wxbot.store import console_users as users
from wxbot.store.console_users import ROLES, Role, User
from wxbot.store.engine import Transaction

T = TypeVar("T")
_BY = "wxbot console"  # who did it, for the audit trail: whoever may run commands here
_ROLE = click.option(
    "--role",
    type=click.Choice(ROLES),
    required=True,
    help="agent: answers users. operator: also outbox and topics. owner: also people.",
)
_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")


@click.group()
def console() -> None:
    """Say who may sign in at the console, and end their sessions."""


@console.command()
@click.argument("name")
@_ROLE
@click.option("--account", help="The only Official Account they may see; all if not given.")
@_STDIN
def adduser(name: str, role: Role, account: str | None, password_stdin: bool) -> None:
    """Let NAME sign in; asks for a password, which is shown nowhere."""
    store, now = opened(account or "default")
    hashed = users.hash_password(name, _password(password_stdin))

    def work(tx: Transaction) -> None:
        users.add(tx, name, hashed, role, account, now)
        audit.note(tx, _BY, "add_user", now, account=account, target=name, details=role)

    store.write(work)
    click.echo(f"{name} can sign in at /console as {role}")


@console.command()
@click.argument("name")
@_STDIN
def passwd(name: str, password_stdin: bool) -> None:
    """Give NAME a new password; ends their sessions."""
    store, _ = opened()
    store.read(lambda tx: users.show(tx, name))
    hashed = users.hash_password(name, _password(password_stdin))

    _do("set_password", name, lambda tx, now: users.set_password(tx, name, hashed))
    click.echo(f"{name} has a new password; their sessions are ended")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


@console.command("users")
@show.AS_JSON
def users_(as_json: bool) -> None:
    """List who may sign in."""
    store, _ = opened()
    found = store.read(users.listed)
    if as_json:
        show.document([asdict(one) for one in found])
        return
    show.table(
        ["name", "role", "account", "made", "signed in", "state"],
        [_row(one) for one in found],
        "nobody; `wxbot console adduser NAME --role owner` makes the first",
    )


def _row(one: User) -> list[str]:
    state = "disabled" if one.disabled_at else "may sign in"
    return [
        one.name,
        one.role,
        one.account or "all",
        show.local(one.created_at),
        show.local(one.signed_in_at),
        state,
    ]


@console.command()
@click.argument("name")
@_ROLE
def role(name: str, role: Role) -> None:
    """Give NAME another role."""
    _do("set_role", name, lambda tx, now: users.set_role(tx, name, role), details=role)
    click.echo(f"{name} is {role} now")


@console.command()
@click.argument("name")
def disable(name: str) -> None:
    """Let NAME sign in no more, and end their sessions at once."""
    _do("disable", name, lambda tx, now: users.disable(tx, name, now))
    click.echo(f"{name} is out")


@console.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let NAME sign in again."""
    _do("enable", name, lambda tx, now: users.enable(tx, name))
    click.echo(f"{name} can sign in again")


@console.command()
@click.argument("name")
def signout(name: str) -> None:
    """End all sessions of NAME at once."""

    def end(tx: Transaction, now: float) -> int:
        users.show(tx, name)
        return users.end_sessions(tx, name)

    click.echo(f"{_do('end_sessions', name, end)} session(s) of {name} ended")


def _do(action: str, name: str, deed: Callable[[Transaction, float], T], *, details: str = "") -> T:
    """Do something to a user, and note it in the same transaction; return what came of it."""
    store, now = opened()

    def work(tx: Transaction) -> T:
        done = deed(tx, now)
        audit.note(tx, _BY, action, now, target=name, details=details)
        return done

    return store.write(work)
