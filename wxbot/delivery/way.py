"""An account's way out, and a message on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from wxbot.delivery.budget import Budget
from wxbot.delivery.ladder import Call
from wxbot.delivery.manner import Manners
from wxbot.delivery.rungs import Rungs
from wxbot.platform.client import Client
from wxbot.platform.media import Media
from wxbot.store.lanes import Head


@dataclass(frozen=True, slots=True)
class Way:
    """An account's calls, its messages a second, how it spends its allowance, and what it does by topic."""

    client: Client
    rate: float
    budget: Budget
    rungs: Rungs
    media: Media
    manners: Manners = field(default_factory=Manners)


@dataclass(frozen=True, slots=True)
class Going:
    """A message on its way: the follow-up it is for, and those behind it that go out in it.

    `renewed` when its files were uploaded anew because the platform had refused them before.
    With a `call` it goes by a rung of the fallback ladder instead: `keyed` when that call may be made again
    without doubling, `probing` when it passed a closed gate.
    """

    head: Head
    behind: Sequence[Head] = ()
    message: str = ""
    renewed: bool = False
    call: Call | None = None
    keyed: bool = False
    probing: bool = False
