"""Who may sign in at the console, with which role, and the sessions they have open.

A session is 256 random bits in a cookie, of which only the SHA-256 is kept. It ends by itself when
it was not used for a week, or is a month old, and at once when it is ended or its user disabled.
"""

import re
import secrets
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Literal, get_args

from werkzeug.security import check_password_hash, generate_password_hash

from wxbot.errors import InvalidMessage, NotFound
from wxbot.store.engine import Transaction

Role = Literal["agent", "operator", "owner"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what those before it may
IDLE = 7 * 86_400.0  # seconds without a sign of life after which a session is over
LONGEST = 30 * 86_400.0  # seconds
SHORTEST_PASSWORD = 10  # characters
LONGEST_PASSWORD = 200

_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,64}", re.ASCII)
_COLUMNS = "name, role, account, created_at, disabled_at, signed_in_at"
_INSERT = """
INSERT INTO console_users (name, password, role, account, created_at)
VALUES (:name, :password, :role, :account, :now) ON CONFLICT (name) DO NOTHING"""
_FIND = f"SELECT {_COLUMNS}, password FROM console_users WHERE name = :name"
_LIST = f"SELECT {_COLUMNS} FROM console_users ORDER BY name"
_PASSWORD = "UPDATE console_users SET password = :password WHERE name = :name"
_ROLE = "UPDATE console_users SET role = :role WHERE name = :name"
_DISABLE = "UPDATE console_users SET disabled_at = :at WHERE name = :name"
_SIGNED_IN = "UPDATE console_users SET signed_in_at = :now WHERE name = :name"
_OWNERS = "SELECT name FROM console_users WHERE role = 'owner' AND account IS NULL AND disabled_at IS NULL"
_BEGIN = """
INSERT INTO console_sessions (digest, name, created_at, seen_at, address, browser)
VALUES (:digest, :name, :now, :now, :address, :browser)"""
_SESSIONS = """
SELECT id, name, created_at, seen_at, address, browser FROM console_sessions
WHERE seen_at > :idle AND created_at > :oldest"""
_SESSION = f"""
SELECT s.id, s.seen_at, {", ".join(f"u.{one}" for one in _COLUMNS.split(", "))}
FROM console_sessions AS s JOIN console_users AS u ON u.name = s.name
WHERE s.digest = :digest AND s.seen_at > :idle AND s.created_at > :oldest AND u.disabled_at IS NULL"""
_SEEN = "UPDATE console_sessions SET seen_at = :now WHERE id = :id"
_END = "DELETE FROM console_sessions WHERE id = :id"
_END_ALL = "DELETE FROM console_sessions WHERE name = :name"
_OVER = "DELETE FROM console_sessions WHERE seen_at <= :idle OR created_at <= :oldest"


@dataclass(frozen=True, slots=True)
class User:
    """Who may sign in; `account` is the only one they may see, None for all. Times are Unix seconds."""

    name: str
    role: Role
    account: str | None
    created_at: float
    disabled_at: float | None
    signed_in_at: float | None

    def may(self, role: Role) -> bool:
        """Return whether they may do what this role may."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def sees(self, account: str) -> bool:
        """Return whether this account is theirs to see."""
        return self.account is None or self.account == account


def hash_password(name: str, password: str) -> str:
    """Return what is kept of a password; raises InvalidMessage for one that is too easily guessed.

    It takes about 60 ms of CPU: never within a transaction.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidMessage(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if len(set(password)) < 5 or name.lower() in password.lower():
        raise InvalidMessage("a password is not the name, nor the same few characters again and again")
    return generate_password_hash(password)


def add(tx: Transaction, name: str, hashed: str, role: Role, account: str | None, now: float) -> None:
    """Store a new user; raises InvalidMessage for a name that cannot be one, or is taken."""
    if not _NAME.fullmatch(name):
        raise InvalidMessage("a name has 1 to 64 of A-Z, a-z, 0-9 and _ . @ -")
    if not tx.change(_INSERT, name=name, password=hashed, role=role, account=account, now=now):
        raise InvalidMessage(f"there is a user {name!r} already")


def show(tx: Transaction, name: str) -> User:
    """Return a user; raises NotFound."""
    row = tx.row(_FIND, name=name)
    if row is None:
        raise NotFound(f"there is no user {name!r}; `wxbot console users` shows who there is")
    return User(*row[:-1])


def listed(tx: Transaction) -> list[User]:
    """Return every user by name, disabled ones too."""
    return [User(*row) for row in tx.rows(_LIST)]


def set_password(tx: Transaction, name: str, hashed: str) -> None:
    """Replace a password and end all sessions it opened; raises NotFound."""
    show(tx, name)
    tx.change(_PASSWORD, name=name, password=hashed)
    tx.change(_END_ALL, name=name)


def set_role(tx: Transaction, name: str, role: Role) -> None:
    """Give a user another role; raises NotFound, and InvalidMessage when no owner would be left."""
    show(tx, name)
    if role != "owner":
        _keep_an_owner(tx, name)
    tx.change(_ROLE, name=name, role=role)


def disable(tx: Transaction, name: str, now: float) -> None:
    """Let a user sign in no more and end their sessions; raises NotFound, and InvalidMessage for the last owner."""
    show(tx, name)
    _keep_an_owner(tx, name)
    tx.change(_DISABLE, name=name, at=now)
    tx.change(_END_ALL, name=name)


def enable(tx: Transaction, name: str) -> None:
    """Let a disabled user sign in again; raises NotFound."""
    show(tx, name)
    tx.change(_DISABLE, name=name, at=None)


def _keep_an_owner(tx: Transaction, name: str) -> None:
    lock = " FOR UPDATE" if tx.postgresql else ""  # two owners must not put each other out at the same moment
    if [row[0] for row in tx.rows(_OWNERS + lock)] == [name]:
        raise InvalidMessage(f"{name} is the only owner: make another one first")


def hash_of(tx: Transaction, name: str) -> tuple[User | None, str]:
    """Return who signs in by this name, None for nobody or a disabled user, and a hash to check against."""
    row = tx.row(_FIND, name=name)
    user = User(*row[:-1]) if row else None
    return (user, str(row[-1])) if row and user and user.disabled_at is None else (None, _nobodys())


@cache
def _nobodys() -> str:
    """Return the hash of a password nobody has: an unknown name takes as long to refuse as a known one."""
    return generate_password_hash(secrets.token_hex(16))


def is_right(hashed: str, password: str) -> bool:
    """Return whether a password has this hash; as slow as hashing it."""
    return check_password_hash(hashed, password)


@dataclass(frozen=True, slots=True)
class Session:
    """An open session, as its user or an owner sees it."""

    id: int
    name: str
    created_at: float
    seen_at: float
    address: str
    browser: str


def begin_session(tx: Transaction, name: str, now: float, *, address: str, browser: str) -> str:
    """Open a session and return its token; those that are over are forgotten."""
    tx.change(_OVER, **_bounds(now))
    token = secrets.token_urlsafe(32)
    tx.change(_BEGIN, digest=_digest(token), name=name, now=now, address=address, browser=browser[:200])
    tx.change(_SIGNED_IN, name=name, now=now)
    return token


def of_session(tx: Transaction, token: str, now: float) -> tuple[int, float, User] | None:
    """Return the session's id, when it was last seen and whose it is; None when it is over, or never was."""
    row = tx.row(_SESSION, digest=_digest(token), **_bounds(now))
    return (row[0], row[1], User(*row[2:])) if row else None


def note_session(tx: Transaction, id: int, now: float) -> None:
    """Keep that a session is still used."""
    tx.change(_SEEN, id=id, now=now)


def sessions(tx: Transaction, now: float, name: str | None = None) -> list[Session]:
    """Return the sessions that are open, of one user or of all, the last used first."""
    where, more = ("", {}) if name is None else (" AND name = :name", {"name": name})
    found = tx.rows(f"{_SESSIONS}{where} ORDER BY seen_at DESC, id DESC", **_bounds(now), **more)
    return [Session(*row) for row in found]


def end_session(tx: Transaction, id: int) -> bool:
    """End one session at once; False when there is none of that id."""
    return tx.change(_END, id=id) == 1


def end_sessions(tx: Transaction, name: str) -> int:
    """End all sessions of a user at once; return how many."""
    return tx.change(_END_ALL, name=name)


def _bounds(now: float) -> dict[str, object]:
    return {"idle": now - IDLE, "oldest": now - LONGEST}


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
