"""Figure 9: what goes out while windows open, close and run short, in simulated time and with clocks that step.

The platform counts windows and quotas by its own rights and its own clock; ours is up to 4 s beside it.
"""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from random import Random

from benchmarks.deployment import Deployment, Surroundings, deployed
from benchmarks.figure import Figure, Run
from wxbot.clock import SharedClock
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.store import outbox
from wxbot.store.engine import Store, Transaction

_STEPS = (
    1,
    30,
    54,
    56,
    60,
    600,
    3600,
    -3600,
    86_400,
    172_700,
    172_741,
    172_801,
)  # seconds, some at a window's edge
_SKEW = 4  # seconds between our clock and the platform's, at the most; the margin is 5
_ACTIONS = ({"type": "text", "content": "hello"}, {"type": "CLICK", "event_key": "K"})
_SOON = 0.3  # seconds; what is due so soon would be under way when the clocks step
_STILL = """
SELECT 1 FROM followups WHERE state IN ('claimed', 'sending')
  OR (state IN ('scheduled', 'queued') AND due_at <= :soon AND ready_at <= :soon) LIMIT 1"""


@dataclass
class _Town:
    """Users who write, click or are silent, and far more news for them than fits."""

    place: Deployment
    store: Store
    chance: Random
    users: list[str] = field(default_factory=list)
    queued: int = 0

    def __post_init__(self) -> None:
        self.platform = SharedClock(self.place.folder / "platform.clock")
        self.ours = SharedClock(self.place.folder / "wxbot.clock")

    def live(self) -> None:
        """Let about half of the users do something, and queue up to six messages for each."""
        acting = [(openid, self.chance.choice(_ACTIONS)) for openid in self.users if self.chance.random() < 0.6]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda one: self.place.post(f"/sim/users/{one[0]}/actions", one[1]), acting))
        now = self.ours.now()

        def work(tx: Transaction) -> None:
            for openid in self.users:
                for _ in range(self.chance.randrange(7)):
                    self._queue(tx, openid, now)

        self.store.write(work)

    def _queue(self, tx: Transaction, openid: str, now: float) -> None:
        due = now + self.chance.choice([0, 0, 0, 5, 40, 300, 80_000])
        text = json.dumps({"n": self.queued, "due": due})
        new = FollowUp(message=message_json(Text(text)), due_at=due, not_after=due + 200_000, on_doubt="park")
        outbox.insert(tx, "default", openid, new, origin="test", now=now)
        self.queued += 1

    def settle(self) -> None:
        """Wait until nothing more can go out at this moment."""
        end = time.monotonic() + 90
        while self.store.read(lambda tx: tx.rows(_STILL, soon=self.ours.now() + _SOON)):
            if time.monotonic() > end:
                raise TimeoutError("the senders did not come to rest in 90 s")
            time.sleep(0.02)

    def let_pass(self) -> None:
        """Move both clocks, and ours a little beside the platform's."""
        self.platform.advance(self.chance.choice(_STEPS))
        beside = self.chance.uniform(-_SKEW, _SKEW)
        self.ours.advance(self.platform.now() + beside - self.ours.now())


def allowance(run: Run, figure: Figure) -> None:
    """Live until the platform has taken enough, and let it say what was outside, over, early or twice."""
    enough = run.size(10_000, 300)
    for url, folder in run.stores():
        given = Surroundings(
            seed=run.seed,
            bug=run.bug,
            rights="current",
            moving=True,
            account='keep = 0\njoin = false\nhint = ""',
            sender={"threads": 4},
        )
        with deployed(url, folder, given) as place, closing(Store(url)) as store:
            town = _Town(place, store, Random(run.seed))
            town.users = [place.post("/sim/users")["openid"] for _ in range(run.size(300, 60))]
            place.web()
            for _ in range(2):
                place.sender()
            while place.get("/sim/ledger")["accepted"] < enough and not _refused(place):
                town.live()
                town.settle()
                town.let_pass()
                figure.count("clock steps", 1)
            _judge(place, figure, town)
    figure.judge("sent", at_least=2 * enough)


def _refused(place: Deployment) -> int:
    ledger = place.get("/sim/ledger")
    return int(ledger["outside_window"] + ledger["over_quota"])


def _judge(place: Deployment, figure: Figure, town: _Town) -> None:
    ledger = place.get("/sim/ledger")
    phones = [place.get(f"/sim/users/{openid}/phone")["items"] for openid in town.users]
    items = [item for each in phones for item in each if item["via"] == "custom"]
    numbers = Counter(json.loads(item["text"])["n"] for item in items)
    early = sum(item["at"] < json.loads(item["text"])["due"] - 2 * _SKEW for item in items)
    figure.count("queued", town.queued)
    figure.count("sent", ledger["accepted"])
    figure.count("outside window", ledger["outside_window"])
    figure.count("over quota", ledger["over_quota"])
    figure.count("early", early)
    figure.count("twice", sum(times - 1 for times in numbers.values()))
    for name in ("outside window", "over quota", "early", "twice"):
        figure.judge(name, at_most=0)
