"""All of one person, shown. It asks the schema: only the command that exports loads SQLAlchemy for it."""

from typing import Any

from wxbot.store.engine import Transaction
from wxbot.store.persons import WHERE
from wxbot.store.schema import metadata

TABLES = tuple(table.name for table in metadata.sorted_tables if "openid" in table.columns)


def export(tx: Transaction, account: str, openid: str) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of a person by table, as JSON can hold them; empty lists for a stranger."""
    return {name: _rows(tx, name, account, openid) for name in TABLES}


def _rows(tx: Transaction, name: str, account: str, openid: str) -> list[dict[str, Any]]:
    columns = metadata.tables[name].columns.keys()
    order = ", ".join(column.name for column in metadata.tables[name].primary_key)
    found = tx.rows(
        f"SELECT {', '.join(columns)} FROM {name} WHERE {WHERE} ORDER BY {order}", account=account, openid=openid
    )
    return [{column: _plain(value) for column, value in zip(columns, row, strict=True)} for row in found]


def _plain(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
