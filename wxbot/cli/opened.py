"""What nearly every command begins with: the store and the time, for one account."""

from wxbot.errors import NotFound
from wxbot.opening import clock_of, from_environment, open_store
from wxbot.settings import DEFAULT_ACCOUNT
from wxbot.store.engine import Store


def opened(account: str = DEFAULT_ACCOUNT) -> tuple[Store, float]:
    """Return the store and the time in Unix seconds; raises NotFound for an account that is not in the settings."""
    using = from_environment(quiet=True)
    if account not in using.all_accounts:
        raise NotFound(f"there is no account {account!r} in the settings; there is {', '.join(using.all_accounts)}")
    return open_store(using), clock_of(using).now()
