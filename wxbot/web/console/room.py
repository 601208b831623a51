"""What every page of the console works with, and who may see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort
from flask_login import current_user

from wxbot.clock import Clock
from wxbot.protocol.envelope import Reader
from wxbot.store.console_users import Role, User
from wxbot.store.engine import Store
from wxbot.web.console.live import Live


@dataclass(frozen=True, slots=True)
class Room:
    """The store, the time and the accounts.

    `readers` open what each account sealed; `zone` is where times are told.
    """

    store: Store
    clock: Clock
    readers: Mapping[str, Reader]
    zone: ZoneInfo
    live: Live = field(default_factory=Live)

    @property
    def now(self) -> float:
        """The time, Unix seconds."""
        return self.clock.now()


View = Callable[..., Any]


def who() -> User:
    """Return who is signed in."""
    user: User = current_user.user
    return user


def page_for(role: Role) -> Callable[[View], View]:
    """Let only those see a page who may do what this role may, and only of an account that is theirs."""

    def guarding(view: View) -> View:
        @wraps(view)
        def guarded(**place: Any) -> Any:
            account = place.get("account")
            if account is not None and not who().sees(account):
                abort(404)
            if not who().may(role):
                abort(403)
            return view(**place)

        return guarded

    return guarding
