"""What commands that call the platform begin with, and how they tell what it refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from wxbot import wiring
from wxbot.cli.opened import opened
from wxbot.errors import NoToken, Refused, Unanswered, WxbotError
from wxbot.opening import clock_of, from_environment
from wxbot.platform.client import Client
from wxbot.protocol.reaction import meaning
from wxbot.settings import Account, Settings
from wxbot.store.engine import Store


@dataclass(frozen=True, slots=True)
class Calling:
    """An account's client beside its store; `now` is Unix seconds."""

    using: Settings
    store: Store
    client: Client
    account: str
    now: float

    @property
    def of(self) -> Account:
        """The account's settings."""
        return self.using.all_accounts[self.account]


@contextmanager
def calling(account: str) -> Iterator[Calling]:
    """Give an account's way to the platform; what the platform refuses in the block is told in both languages."""
    using = from_environment(quiet=True)
    store, now = opened(account)
    client = wiring.client(store, clock_of(using), using, account)
    try:
        yield Calling(using, store, client, account, now)
    except Refused as exc:
        known = meaning(exc.errcode)
        said = f" ({exc.errmsg})" if exc.errmsg else ""
        raise WxbotError(f"the platform refused it: {exc.errcode} {known.en} / {known.zh}{said}") from exc
    except NoToken as exc:
        raise WxbotError(f"no access_token: {exc}; `wxbot doctor` tells more") from exc
    except Unanswered as exc:
        api = using.all_accounts[account].api_base
        raise WxbotError(f"no usable answer from {api} ({exc}); try again") from exc
