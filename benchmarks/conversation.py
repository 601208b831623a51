"""What users, programs and time do to an account in any order, and what each phone must then show.

A state machine of Hypothesis chooses the steps. The model knows of each message only whose it is, its
place in its queue and whether it was called off; windows and quotas are the platform's and wxbot's.
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from benchmarks.deployment import Deployment
from wxbot.clock import SharedClock
from wxbot.delivery.fanout import publish
from wxbot.delivery.queue import unsubscribe
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, Priority, message_json
from wxbot.simulator.calls import SEND
from wxbot.store import outbox, topics
from wxbot.store.engine import Store, Transaction

USERS = 3  # in one conversation
_PATIENCE = 60.0  # seconds; only a failing run waits so long
_ROUNDS = 12  # in which everybody writes at the end, so that all that was held gets out
_NEWS = 5  # publications in one conversation; each waits for the fan-out's next look
_FAULTS = 4  # calls that fail in one conversation; a message survives five
_SOON = 0.05  # seconds; what is due so soon is waited for
_LINE = re.compile(r"(?:normal|decisive|news) (\d+)|order (\d+) is on its way")
_STILL = """
SELECT 1 FROM lanes WHERE owner <> '' OR wake_at <= :soon
UNION ALL SELECT 1 FROM publications WHERE state <> 'done' AND due_at <= :soon LIMIT 1"""


@dataclass
class Town:
    """A deployment whose clocks move together, and what all conversations in it came to."""

    place: Deployment
    store: Store
    numbers: "count[int]" = field(default_factory=count)
    found: "Counter[str]" = field(default_factory=Counter)  # steps, messages, and what was not as it must be
    said: list[str] = field(default_factory=list)  # what that was

    def __post_init__(self) -> None:
        self._theirs = SharedClock(self.place.folder / "platform.clock")
        self.ours = SharedClock(self.place.folder / "wxbot.clock")

    def let_pass(self, seconds: float) -> None:
        """Move both clocks."""
        self._theirs.advance(seconds)
        self.ours.advance(seconds)

    def settle(self) -> None:
        """Wait until nothing more can go out at this moment."""
        end = time.monotonic() + _PATIENCE
        while self.store.read(lambda tx: tx.rows(_STILL, soon=self.ours.now() + _SOON)):
            if time.monotonic() > end:
                raise TimeoutError(f"the sender did not come to rest in {_PATIENCE:.0f} s")
            time.sleep(0.005)

    def act(self, openid: str, kind: str, **more: str) -> None:
        """Let a user do something."""
        self.place.post(f"/sim/users/{openid}/actions", {"type": kind, **more})


@dataclass
class _Phone:
    """What one user is to see: numbers by queue with their place in it, and those that were called off."""

    openid: str
    wanted: dict[int, tuple[str, float, int]] = field(default_factory=dict)  # number -> queue, due, n-th stored
    ids: dict[int, int] = field(default_factory=dict)  # number -> the outbox's
    subscribed: bool = False

    def shown(self, town: Town) -> list[int]:
        items = town.place.get(f"/sim/users/{self.openid}/phone")["items"]
        lines = [_LINE.findall(item["text"]) for item in items if item["direction"] == "in"]
        return [int(one or other) for found in lines for one, other in found]

    def judge(self, town: Town) -> None:
        """Count what is there twice, too early in its queue, or called off; raises AssertionError for any."""
        shown = self.shown(town)
        twice = len(shown) - len(set(shown))
        called_off = len(set(shown) - set(self.wanted))
        backwards = 0
        for queue in {place[0] for place in self.wanted.values()}:
            places = [self.wanted[n][1:] for n in shown if n in self.wanted and self.wanted[n][0] == queue]
            backwards += sum(later < earlier for earlier, later in pairwise(places))
        town.found.update({"twice": twice, "called off, but shown": called_off, "out of order": backwards})
        if twice or called_off or backwards:
            town.said.append(f"{self.openid} sees {shown}, wanted are {self.wanted}")
            raise AssertionError(town.said[-1])

    def call_off(self, town: Town, queues: Callable[[str], bool]) -> None:
        """Want no more what is not on the phone yet."""
        shown = set(self.shown(town))
        self.wanted = {n: place for n, place in self.wanted.items() if n in shown or not queues(place[0])}


def conversation(town: Town) -> RuleBasedStateMachine:
    """Return one conversation of new users in a town; its judgement is added to the town's."""
    return _Conversation(town)


_users = st.integers(0, USERS - 1)


class _Conversation(RuleBasedStateMachine):
    def __init__(self, town: Town) -> None:
        super().__init__()
        self._town, self._topic = town, f"t{next(town.numbers)}"
        self._published = self._faults = 0
        self._phones: list[_Phone] = []

    @initialize()
    def meet(self) -> None:
        self._phones = [_Phone(self._town.place.post("/sim/users")["openid"]) for _ in range(USERS)]
        for phone in self._phones:
            self._town.act(phone.openid, "text", content="hello")
        self._write(lambda tx: topics.subscribe(tx, "default", self._topic, self._phones[0].openid, self._now()))
        self._phones[0].subscribed = True

    @rule(user=_users)
    def writes(self, user: int) -> None:
        self._act(user, "text", content="hello")

    @rule(user=_users)
    def clicks(self, user: int) -> None:
        self._act(user, "CLICK", event_key="K")

    @rule(user=_users)
    def orders(self, user: int) -> None:
        number = self._next()
        self._phones[user].wanted[number] = ("chat", float(number), number)
        self._act(user, "text", content=f"order {number}")

    @rule(user=_users, of=st.lists(st.tuples(st.booleans(), st.sampled_from([0, 0, 3, 60, 90_000])), max_size=4))
    def are_queued(self, user: int, of: list[tuple[bool, int]]) -> None:
        def work(tx: Transaction) -> None:
            for is_decisive, wait in of:
                self._queue(tx, self._phones[user], "decisive" if is_decisive else "normal", self._now() + wait)

        self._write(work)

    @precondition(lambda self: self._published < _NEWS)
    @rule()
    def is_published(self) -> None:
        self._published += 1
        number, now = self._next(), self._now()
        for phone in self._phones:
            if phone.subscribed:
                phone.wanted[number] = ("news", now, number)
        new = FollowUp(message=message_json(Text(f"news {number}")), due_at=now, on_doubt="park")
        publish(self._town.store, "default", self._topic, new, key=str(number), now=now)
        self._settle()

    @rule(user=_users)
    def changes_their_mind(self, user: int) -> None:
        phone = self._phones[user]
        if phone.subscribed:
            self._write(lambda tx: unsubscribe(tx, "default", self._topic, phone.openid, self._now()))
            phone.call_off(self._town, lambda queue: queue == "news")
        else:
            self._write(lambda tx: topics.subscribe(tx, "default", self._topic, phone.openid, self._now()))
        phone.subscribed = not phone.subscribed

    @rule(user=_users)
    def the_last_is_cancelled(self, user: int) -> None:
        phone = self._phones[user]
        for number, id in [*phone.ids.items()][-1:]:
            if self._town.store.write(lambda tx: outbox.cancel(tx, "default", id, self._now(), "test")):  # noqa: B023
                phone.wanted.pop(number, None)

    @rule(user=_users)
    def leaves_and_comes_back(self, user: int) -> None:
        self._town.let_pass(1)
        self._settle()  # what is under way as they leave is refused, held, and there when they are back
        self._town.act(self._phones[user].openid, "unsubscribe")
        self._settle()
        self._phones[user].call_off(self._town, lambda queue: True)
        self._phones[user].subscribed = False
        self._act(user, "subscribe")

    @rule(seconds=st.sampled_from([1, 4, 50, 70, 3600, 90_000, 172_900]))
    def time_passes(self, seconds: int) -> None:
        self._town.let_pass(seconds)
        self._settle()

    @precondition(lambda self: self._faults < _FAULTS)
    @rule()
    def the_platform_is_busy(self) -> None:
        self._faults += 1
        self._town.place.post("/sim/faults", {"path": SEND, "kind": "errcode", "errcode": -1, "times": 1})

    @invariant()
    def phones_show_nothing_twice_or_backwards(self) -> None:
        self._town.found["steps"] += 1
        self._phones[self._town.found["steps"] % USERS].judge(self._town)  # what stands on a phone stays there

    def teardown(self) -> None:
        """Let everybody write until all that is wanted is on the phones."""
        self._town.place.clear_faults()
        for _ in range(_ROUNDS):
            self._town.let_pass(200_000)
            for user in range(len(self._phones)):
                self._act(user, "text", content="hello")
            if not any(set(phone.wanted) - set(phone.shown(self._town)) for phone in self._phones):
                break
        missing = [set(phone.wanted) - set(phone.shown(self._town)) for phone in self._phones]
        self._town.found["messages"] += sum(len(phone.wanted) for phone in self._phones)
        self._town.found["missing"] += sum(map(len, missing))
        for phone in self._phones:
            phone.judge(self._town)
        if any(missing):
            self._town.said.append(f"missing: {missing}")
            raise AssertionError(self._town.said[-1])

    def _queue(self, tx: Transaction, phone: _Phone, priority: Priority, due: float) -> None:
        number = self._next()
        text = message_json(Text(f"{priority} {number}"))
        new = FollowUp(message=text, due_at=due, priority=priority, on_doubt="park")
        phone.ids[number], _ = outbox.insert(tx, "default", phone.openid, new, origin="test", now=self._now())
        phone.wanted[number] = (priority, due, number)

    def _act(self, user: int, kind: str, **more: str) -> None:
        self._town.let_pass(1)  # two equal events of one user in one second are one to wxbot
        self._town.act(self._phones[user].openid, kind, **more)
        self._settle()

    def _write(self, work: Callable[[Transaction], object]) -> None:
        self._town.store.write(work)
        self._settle()

    def _settle(self) -> None:
        self._town.settle()

    def _next(self) -> int:
        return next(self._town.numbers)

    def _now(self) -> float:
        return self._town.ours.now()
