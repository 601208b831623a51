"""Messages that pour into the outbox while senders are killed or stopped, and the judgement afterwards.

The judge is the platform: what its phones show and what its ledger counts. Our own store is asked only
for what it lists as in doubt or set aside, since that is what a person would be shown.
"""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from benchmarks.deployment import Deployment
from benchmarks.figure import Figure
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, OnDoubt, message_json
from wxbot.protocol.window import UNLIMITED, Grant
from wxbot.simulator.calls import SEND
from wxbot.store import contacts, outbox
from wxbot.store.engine import Store, Transaction

_LATENCY = 0.05  # seconds the platform takes for a call


@dataclass
class Storm:
    """Users whose windows are open; half of them want doubtful messages parked, half sent again."""

    place: Deployment
    users: list[str] = field(default_factory=list)
    queued: list[str] = field(default_factory=list)
    policies: tuple[OnDoubt, ...] = ("park", "resend")

    def meet(self, count: int, *, latency: float = _LATENCY) -> None:
        """Let users write on the platform, which takes `latency` seconds for a call from now on.

        Our store is told without a web process.
        """
        store, now = Store(self.place.url), time.time()
        for _ in range(count):
            openid = self.place.post("/sim/users")["openid"]
            self.place.post(f"/sim/users/{openid}/actions", {"type": "text", "content": "hello"})
            grant = Grant("message", UNLIMITED, int(now) + 86_400)
            store.write(partial(contacts.seen, account="default", openid=openid, now=now, grant=grant))
            self.users.append(openid)
        store.close()
        if latency:
            self.place.post("/sim/faults", {"path": SEND, "kind": "delay", "seconds": latency})

    def queue(self, each: int) -> None:
        """Queue so many messages more for every user, numbered in their order."""
        store, now = Store(self.place.url), time.time()
        first = len(self.queued) // len(self.users)

        def work(tx: Transaction) -> None:
            for number in range(first, first + each):
                for nth, openid in enumerate(self.users):
                    policy = self.policies[nth % len(self.policies)]
                    text = f"{policy} {openid} #{number}"
                    new = FollowUp(message=message_json(Text(text)), due_at=now, on_doubt=policy)
                    outbox.insert(tx, "default", openid, new, origin="test", now=now)
                    self.queued.append(text)

        store.write(work)
        store.close()

    def until_more_has_arrived(self) -> None:
        """Wait until the platform has taken another message, or none is left to go."""
        before = self.place.get("/sim/ledger")["accepted"]
        self.place.until(lambda: self.place.get("/sim/ledger")["accepted"] > before or self.waiting() == 0)

    def waiting(self) -> int:
        """Return how many messages are still to go out."""
        look = "SELECT count(*) FROM followups WHERE state IN ('scheduled', 'queued', 'claimed', 'sending')"
        return int(self.place.rows(look)[0][0])

    def arrived(self) -> "Counter[str]":
        """Return what the phones show, and how often."""
        phones = [self.place.get(f"/sim/users/{openid}/phone")["items"] for openid in self.users]
        return Counter(item["text"] for items in phones for item in items if item["via"] == "custom")

    def judge(self, figure: Figure) -> None:
        """Hold the platform's account against what was queued."""
        arrived = self.arrived()
        aside = self.place.rows("SELECT message FROM followups WHERE state IN ('doubtful', 'refused')")
        listed = {json.loads(row[0])["text"]["content"] for row in aside}
        twice = {"park": 0, "resend": 0}
        for text, times in arrived.items():
            twice[text.partition(" ")[0]] += times - 1
        [(doubts,)] = self.place.rows(
            "SELECT COALESCE(sum(attempts + crashes), 0) FROM followups WHERE on_doubt = 'resend'"
        )
        figure.count("messages", len(self.queued))
        figure.count("lost", len(set(self.queued) - set(arrived) - listed))
        figure.count("doubled (park)", twice["park"])
        figure.count("doubled (resend)", twice["resend"])
        figure.count("parked", len(listed))
        figure.count("of them arrived", len(listed & set(arrived)))
        figure.count("out of order", self.place.get("/sim/ledger")["out_of_order"])
        for name in ("lost", "doubled (park)", "out of order"):
            figure.judge(name, at_most=0)
        if twice["resend"] > doubts:
            figure.broken.append(f"{twice['resend']} doubled (resend), with no more than {doubts} doubts")
