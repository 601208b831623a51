"""A file of people into the store: looked at as a whole first, then taken in, and on from there after a kill."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from wxbot.errors import WxbotError
from wxbot.people.lines import read_head, read_line
from wxbot.store import outbox, records
from wxbot.store.engine import Store, Transaction
from wxbot.store.records import ContactRecord, Subscription

Tell = Callable[[int, int], None]  # how many lines are taken in, of how many

_BATCH = 100  # lines of one transaction
_MOST_TOLD = 20  # mistakes
_LONGEST = 64 * 1024  # bytes of a line


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many lines a file has behind its first, and behind how many of them this call went on."""

    lines: int
    resumed_at: int


def load(store: Store, account: str, file: Path, now: float, tell: Tell) -> Loaded:
    """Take in all of a file; what is there stays where it is newer or allows less.

    How far it came lies in `file`.place until all is done; another call goes on there. Raises WxbotError with every
    mistake and its line (the first 20), and then nothing was taken in.
    """
    place, digest, total = file.with_name(f"{file.name}.place"), _digest(file), _looked_at(file, now)
    begun = done = _place(place, digest, account)
    waiting = _from(file, done)
    while lines := list(islice(waiting, _BATCH)):
        found = [read_line(line, now) for line in lines]
        store.write(lambda tx: _take_in(tx, account, found, now))  # noqa: B023  # run at once
        done += len(lines)
        place.write_text(json.dumps({"digest": digest, "account": account, "done": done}))
        tell(done, total)
    place.unlink(missing_ok=True)
    return Loaded(total, begun)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _looked_at(file: Path, now: float) -> int:
    """Return how many lines a file has behind its first; raises WxbotError when any of them is wrong."""
    mistakes: list[str] = []
    number = 0
    with file.open("rb") as opened:
        while line := opened.readline(_LONGEST + 1):
            number += 1
            read = read_head(line) if number == 1 else read_line(line, now)
            if len(line) > _LONGEST:
                raise WxbotError(
                    f"{file}:{number}: the line has more than {_LONGEST:,} bytes; nothing was taken in"
                )
            if isinstance(read, str):
                mistakes.append(f"{file}:{number}: {read}")
            if len(mistakes) == _MOST_TOLD or (number == 1 and mistakes):
                break
    if not number:
        mistakes.append(f"{file}:1: the file is empty")
    if mistakes:
        raise WxbotError("\n".join([*mistakes, "nothing was taken in"]))
    return number - 1


def _place(place: Path, digest: str, account: str) -> int:
    """Return behind how many lines to go on, 0 at the beginning or when the file is another one now."""
    try:
        stood = json.loads(place.read_text())
        return int(stood["done"]) if (stood["digest"], stood["account"]) == (digest, account) else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _from(file: Path, done: int) -> Iterator[bytes]:
    with file.open("rb") as opened:
        for number, line in enumerate(opened, start=-1):
            if number >= done:
                yield line


def _take_in(tx: Transaction, account: str, found: list[ContactRecord | Subscription | str], now: float) -> None:
    people = [one for one in found if isinstance(one, ContactRecord)]
    records.merge_contacts(tx, account, people)
    records.merge_subscriptions(tx, account, [one for one in found if isinstance(one, Subscription)])
    for one in people:
        if one.message_left and one.message_until > now:
            outbox.wake_held(tx, account, one.openid, now, now)
