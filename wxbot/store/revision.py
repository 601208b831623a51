"""Which schemas a version of the code can work on, so that old and new processes run side by side.

A revision is named `0003`: its number. One that takes away or changes what older code uses also says since
which revision the code must be, `0003_since_0002`, and so do all that follow it. Code runs on its own
schema and on newer ones whose `since` it has reached; never on an older one.
"""

from dataclasses import dataclass
from typing import Self

REVISION = "0008"  # the newest migration: what this code is written for


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision's number, and the number of the oldest code that can work on it."""

    number: int
    since: int

    @classmethod
    def read(cls, name: str) -> Self:
        """Return the revision of this name; raises ValueError for a name that is none."""
        number, _, since = name.partition("_since_")
        return cls(int(number), int(since or 0))


def works_on(code: str, schema: str) -> bool:
    """Return whether code written for one revision can work on a schema at another."""
    mine, there = Revision.read(code), Revision.read(schema)
    return there.since <= mine.number <= there.number


def is_newer(schema: str, code: str) -> bool:
    """Return whether a schema is ahead of the code."""
    return Revision.read(schema).number > Revision.read(code).number


def too_new(code: str, schema: str) -> str:
    """Say that code cannot work on a schema that newer code made."""
    return f"the database is at revision {schema}, too new for this wxbot ({code}): install the newer wxbot"
