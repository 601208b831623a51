"""What people did at the console, kept so that it can be asked later who did it."""

from dataclasses import dataclass

from wxbot.store.engine import Transaction

_INSERT = """
INSERT INTO audit (at, account, name, action, openid, target, details)
VALUES (:now, :account, :name, :action, :openid, :target, :details)"""
_COLUMNS = "id, at, account, name, action, openid, target, details"
_PAGE = f"SELECT {_COLUMNS} FROM audit WHERE id < :before ORDER BY id DESC LIMIT :limit"
_FIRST = 2**62  # above every id


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing somebody did; `account` is None for what concerns no account, `openid` for nobody."""

    id: int
    at: float
    account: str | None
    name: str
    action: str
    openid: str | None
    target: str
    details: str


def note(  # noqa: PLR0913  # who did what to whom
    tx: Transaction,
    name: str,
    action: str,
    now: float,
    *,
    account: str | None = None,
    openid: str | None = None,
    target: str = "",
    details: str = "",
) -> None:
    """Keep a deed, in the transaction that does it."""
    about = {"account": account, "openid": openid, "target": target, "details": details}
    tx.change(_INSERT, now=now, name=name, action=action, **about)


def page(tx: Transaction, limit: int, before: int = _FIRST) -> list[Deed]:
    """Return what was done, newest first, those with an id below `before`."""
    return [Deed(*row) for row in tx.rows(_PAGE, before=before, limit=limit)]
