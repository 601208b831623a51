"""What people did at the console, kept so that it can be asked later who did it."""

from dataclasses import dataclass

from wxbot.store.engine import Transaction

_INSERT = """
INSERT INTO audit (at, account, name, action, openid, target, details)
VALUES (:now, :account, :name, :action, :openid, :target, :details)"""
_COLUMNS = "id, at, account, name, action, openid, target, details"
_PAGE = f"SELECT {_COLUMNS} FROM audit WHERE id < :before{{where}} ORDER BY id DESC LIMIT :limit"
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


def page(
    tx: Transaction,
    limit: int,
    before: int = _FIRST,
    *,
    name: str | None = None,
    action: str | None = None,
    account: str | None = None,
) -> list[Deed]:
    """Return what was done, newest first, with an id below `before`: by somebody, of a kind, in an account."""
    given = {"name": name, "action": action, "account": account}
    asked = {column: value for column, value in given.items() if value is not None}
    where = "".join(f" AND {column} = :{column}" for column in asked)
    found = tx.rows(_PAGE.format(where=where), before=before, limit=limit, **asked)
    return [Deed(*row) for row in found]
