"""Contacts, their windows and their topics into a file of JSON lines, and on behind its last line after a kill."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from wxbot.errors import WxbotError
from wxbot.people.lines import as_line, contact_line, read_head, read_line, subscription_line
from wxbot.store import records
from wxbot.store.engine import Store
from wxbot.store.records import ContactRecord, Subscription

Tell = Callable[[int, int], None]  # how many lines are written, of how many

_BATCH = 500  # rows of one read


def dump(store: Store, account: str, to: Path, now: float, tell: Tell) -> int:
    """Write all of an account into a new file; return how many lines, the first one not counted.

    They lie in `to`.part until all are there; a second call goes on behind its last whole line. Each is as its
    row was when it was read. Raises WxbotError for a file that is there already, or a part of another account.
    """
    if to.exists():
        raise WxbotError(f"{to} is there already: name a new file")
    part = to.with_name(f"{to.name}.part")
    total = store.read(lambda tx: records.count(tx, account))
    with part.open("a+b") as file:
        done, last = _whole_lines(file, part, account)
        if done < 0:
            head = {"wxbot": "people", "version": 1, "account": account, "dumped_at": now}
            file.write(as_line(head).encode())
            done = 0
        for batch in _batches(store, account, last):
            file.write("".join(batch).encode())
            done += len(batch)
            tell(done, max(done, total))
        file.flush()
        os.fsync(file.fileno())
    part.replace(to)
    return done


def _whole_lines(file: BinaryIO, part: Path, account: str) -> tuple[int, ContactRecord | Subscription | None]:
    """Cut off what is no whole line; return how many lines are behind the first, -1 without it, and the last."""
    file.seek(0)
    lines, end, last = -1, 0, b""
    for line in file:
        if not line.endswith(b"\n"):
            break
        if lines < 0:
            head = read_head(line)
            if isinstance(head, str) or head.account != account:
                raise WxbotError(f"{part} is of something else: move it away, or name another file")
        lines, end, last = lines + 1, end + len(line), line
    file.truncate(end)
    found = read_line(last, float("inf")) if lines > 0 else None
    if isinstance(found, str):
        raise WxbotError(f"{part} was changed since it was written: delete it, and begin again")
    return lines, found


def _batches(store: Store, account: str, last: ContactRecord | Subscription | None) -> Iterator[list[str]]:
    if not isinstance(last, Subscription):
        openid = last.openid if last else ""
        while people := store.read(lambda tx: records.contacts_after(tx, account, openid, _BATCH)):  # noqa: B023
            yield [contact_line(one) for one in people]
            openid = people[-1].openid
    after = last if isinstance(last, Subscription) else None
    while found := store.read(lambda tx: records.subscriptions_after(tx, account, after, _BATCH)):  # noqa: B023
        yield [subscription_line(one) for one in found]
        after = found[-1]
