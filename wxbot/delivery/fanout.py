"""Fan-out: one publication becomes one follow-up for each subscriber of its topic.

Publishing stores one row and returns; a sender's process makes the follow-ups, chunk by chunk. Each
chunk is one transaction that stores its follow-ups and moves the cursor, so that a process killed
at any moment leaves nothing half done: another goes on behind the last chunk that was committed. A
power cut may undo the last chunks, and their cursor with them; nobody waits for the disk here.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import structlog

from wxbot.clock import Clock
from wxbot.delivery.plans import said
from wxbot.delivery.queue import check_files
from wxbot.errors import InvalidMessage, NotFound
from wxbot.protocol.outgoing import FollowUp, dumps
from wxbot.protocol.topic import check_topic
from wxbot.protocol.window import spend
from wxbot.reply.plan import WAS
from wxbot.store import contacts, outbox, publications, topics
from wxbot.store.engine import Store, Transaction
from wxbot.store.lanes import Lease

log = structlog.get_logger(__name__)

CHUNK = 20  # follow-ups in one transaction while others write: it holds the writer for about a millisecond
CHUNK_ALONE = 50  # when nobody has written for a while; the first who does waits for all of it
LEASE = 1.0  # seconds; how long a publication rests when the process that works at it is killed
_REST = 3.0  # times what a chunk took: pushes find the writer free most of the time, however slow the disk is
_ALONE_AFTER = 1.0  # seconds since another process wrote
_OF_PLANS = ("step:", "news:")  # how the keys begin under which a plan publishes


@dataclass(frozen=True, slots=True)
class Published:
    """The publication's id; `is_new` is False when its key had been used, and then the first one counts."""

    id: int
    is_new: bool


def publish(store: Store, account: str, topic: str, new: FollowUp, *, key: str, now: float) -> Published:
    """Store a message for all who subscribe to a topic when it is due; `key` makes a second one the first.

    Raises NotFound for a topic that nobody ever subscribed to, InvalidMessage for one that is too late.
    """
    return store.write(lambda tx: publish_within(tx, account, topic, new, key=key, now=now))


def publish_within(tx: Transaction, account: str, topic: str, new: FollowUp, *, key: str, now: float) -> Published:
    """Do the same inside a transaction that does more; what it raises must end that transaction."""
    check_topic(topic)
    check_key(key)
    if new.not_after is not None and new.not_after <= now:
        raise InvalidMessage(f"not_after ({new.not_after:.0f}) has passed: it would never be sent")
    prompt = replace(new, key=key, due_at=max(new.due_at, now))  # who subscribed until it is due gets it
    if not topics.is_known(tx, account, topic):
        raise NotFound(f"nobody ever subscribed to {topic!r} in account {account!r}; `wxbot topics` lists them")
    check_files(tx, account, new.message)
    return Published(*publications.insert(tx, account, topic, key, prompt, now=now))


def check_key(key: str) -> str:
    """Return a publication's key as it stands; raises InvalidMessage for none, and for one that plans use."""
    if not key:
        raise InvalidMessage("a publication needs a key: it is what keeps a second try from being sent again")
    if key.startswith(_OF_PLANS):
        raise InvalidMessage(f"a key that begins with {' or '.join(_OF_PLANS)} is a plan's; choose another")
    return key


class Fanout:
    """Makes the follow-ups of the publications that are due. Any number may run, anywhere."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._crowded_until = 0.0  # on the monotonic clock

    def step(self) -> bool:
        """Make one chunk of one publication; return whether there was anything to do."""
        now = self._clock.now()
        if not self._store.read(lambda tx: publications.any_due(tx, now)):
            return False
        began = self._clock.monotonic()
        if self._store.others_may_wait():
            self._crowded_until = began + _ALONE_AFTER
        if began >= self._crowded_until:
            return self._store.write_behind(lambda tx: self._chunk(tx, now, CHUNK_ALONE))
        worked = self._store.write_behind(lambda tx: self._chunk(tx, now, CHUNK))
        time.sleep(_REST * (self._clock.monotonic() - began))
        return worked

    def _chunk(self, tx: Transaction, now: float, limit: int) -> bool:
        clock = self._store.lease_clock(tx)
        one = publications.claim(tx, Lease(self._store.owner, self._store.boot, clock, clock + LEASE), now)
        if one is None:
            return False
        # Who comes while the fan-out runs comes too late: whether they get it must not hang on their openid.
        account, new = one.account, one.follow_up()
        found = contacts.audience(tx, account, one.topic, limit=limit, after=one.cursor, until=one.due_at)
        # Most of an old audience cannot be reached: to claim each only to hold it would cost three commits.
        closed = {openid for openid, grants in found.items() if not spend(grants, now) and new.on_closed == "hold"}
        made = 0
        for each, openids in _by_what_they_know(tx, account, new, sorted(found), now):
            who = set(openids)
            made += outbox.insert_many(tx, account, [*who - closed], each, origin="publication", now=now)
            made += outbox.insert_held(tx, account, [*who & closed], each, origin="publication", now=now)
        done = len(found) < limit
        publications.advance(tx, one, cursor=[one.cursor, *found][-1], made=made, done=done)
        if done:
            log.info("published", action="publication_done", account=account, publication=one.id)
        return True


def _by_what_they_know(
    tx: Transaction, account: str, new: FollowUp, openids: Sequence[str], now: float
) -> Iterator[tuple[FollowUp, Sequence[str]]]:
    """Yield a plan's notice, or anything else, with those who are to get it like that.

    Whose earlier notice still waits knows only what was told before that one. Where the new one says no more,
    they get neither.
    """
    facts = json.loads(new.facts)
    waiting: dict[str, str] = {}
    if new.coalesce is not None and WAS in facts:
        found = {openid: outbox.replaced(tx, account, openid, new.coalesce) for openid in openids}
        waiting = {openid: json.loads(old).get(WAS, "") for openid, old in found.items() if old is not None}
    yield new, [openid for openid in openids if openid not in waiting]
    for openid, was in waiting.items():
        if was == said(new.message):
            outbox.supersede(tx, account, openid, new.coalesce or "", now, "it is again as it was told before")
        else:
            yield replace(new, facts=dumps({**facts, WAS: was})), [openid]
