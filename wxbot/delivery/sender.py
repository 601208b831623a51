"""The sender: claim lanes that have something due, send one message of each, settle what became of it.

Three commits a message: the claim (shared by many lanes), `sending` right before the bytes leave,
and the settle, which gives the lane back. On SQLite the first two are one. Each names the owner and the claim
number it expects.
A sender that dies or loses its lease leaves at most one message in doubt for each thread.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from wxbot.background import Repeating
from wxbot.clock import Clock
from wxbot.delivery import files, outcome, rungs
from wxbot.delivery.begin import Beginning
from wxbot.delivery.claims import Claimed, Claims
from wxbot.delivery.ladder import Call
from wxbot.delivery.outcome import Outcome
from wxbot.delivery.places import Places
from wxbot.delivery.settle import settle
from wxbot.delivery.taking import Taken, Taking
from wxbot.delivery.way import Going, Way
from wxbot.errors import NotFound, SendFailed, StoreError
from wxbot.reply.hooks import FollowUpChanged
from wxbot.store.engine import Store, Transaction
from wxbot.store.lanes import Head, Move

log = structlog.get_logger(__name__)

_GATHER = 0.003  # seconds, a small part of what a call to the platform takes
_MARGIN = 2.0  # seconds between the longest call and the end of the lease


@dataclass(frozen=True, slots=True)
class Pace:
    """How many at once and how patiently. Times are seconds."""

    threads: int
    lease: float
    request_limit: float
    poll: float


class Sender:
    """Sends what is due, for every account. `run` blocks until `stop`; several may run anywhere."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ways: Mapping[str, Way],
        pace: Pace,
        *,
        beside: Sequence[Repeating] = (),
        tell: Callable[[FollowUpChanged], None] = lambda _: None,
    ) -> None:
        """Take each account's way out, what repeats in this process while it runs, and who hears of changes."""
        self._store, self._clock, self._ways, self._pace = store, clock, ways, pace
        self._beside, self._tell = beside, tell
        self._claims = Claims(store, pace.lease)
        # So much of a lease may be over when a call begins: it may be made twice, with a new token the second time.
        self._slack = pace.lease - 2 * pace.request_limit - _MARGIN
        self._share = max(1, pace.threads // max(1, len(ways)))  # of the threads, so that no account holds all
        self._places = {account: Places(self._share) for account in ways}
        beginning = Beginning(store, self._claims, ways, self._places)
        self._taking = Taking(store, clock, self._claims, beginning, ways, self._slack)
        self._busy = dict.fromkeys(ways, 0)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False

    def run(self) -> None:
        """Send until `stop` is called; returns when what was begun is settled."""
        log.info("sender runs", action="sender_started", store=self._store.about, accounts=list(self._ways))
        for each in self._beside:
            each.start()
        with ThreadPoolExecutor(self._pace.threads, thread_name_prefix="send") as pool:
            while not self._stopping:
                self._wake.clear()
                taken = [one for account in self._ways for one in self._take(account)]
                for one in taken:
                    pool.submit(self._deliver, one)
                if not taken:
                    self._wake.wait(self._pace.poll)
                    self._gather()

    def stop(self) -> None:
        """Claim nothing more; what is being sent is finished. May be called from a signal handler."""
        self._stopping = True
        for each in self._beside:
            each.stop()
        self._wake.set()

    def _gather(self) -> None:
        """While most threads work, sleep a moment: a claim costs nearly the same for many lanes as for one."""
        with self._lock:
            is_busy = sum(self._busy.values()) > self._pace.threads // 2
        if is_busy:
            time.sleep(_GATHER)

    def _take(self, account: str) -> list[Taken]:
        with self._lock:
            free = self._share - self._busy[account]
        if free == 0:
            return []
        try:
            taken = self._taking.take(account, free)
        except StoreError:
            log.exception("claim failed", action="claim_failed", account=account)
            return []
        with self._lock:
            self._busy[account] += len(taken)
        return taken

    def _deliver(self, taken: Taken) -> None:
        one = taken.one
        try:
            if not taken.is_begun and not self._files_are_ready(one):
                return
            begun = self._taking.begun(taken)
            going = begun.going
            if isinstance(going, Move):
                self._report([one.head], going)
            elif going is not None:
                result = self._send(going, begun.since)
                self._store.write(lambda tx: self._settle(tx, one, going, result))
                self._report([going.head, *going.behind], result.move)
        except StoreError:  # the lease ends by itself, and the message is found as it was left
            log.exception("not settled", action="settle_failed", followup=one.head.id)
        except Exception:
            log.exception("sender thread failed", action="sender_failed", followup=one.head.id)
        finally:
            self._places[one.head.account].leave(one.lane.id)
            with self._lock:
                self._busy[one.head.account] -= 1
            self._wake.set()

    def _files_are_ready(self, one: Claimed) -> bool:
        """Upload what the message shows, before anything of it is begun; False when it cannot go out without."""
        head = one.head
        try:
            self._ways[head.account].media.ready(head.message)
        except (SendFailed, NotFound) as exc:
            move = files.unready(exc, head, self._clock.now(), random.random())
            self._store.write(lambda tx: self._put_back(tx, one, move))
            log.info("not uploaded", action="media_failed", followup=head.id, account=head.account, why=str(exc))
            self._report([head], move)
            return False
        return True

    def _put_back(self, tx: Transaction, one: Claimed, move: Move) -> None:
        self._claims.move(tx, one.lane, one.head, move, self._clock.now())
        self._claims.release(tx, one.lane)

    def _report(self, together: Sequence[Head], move: Move) -> None:
        """Log and tell what became of follow-ups that went together."""
        head = together[0]
        log.info(
            "follow-up",
            action=f"followup_{move.state}",
            followup=head.id,
            joined=[each.id for each in together[1:]],
            account=head.account,
            rung=head.rung,
            errcode=move.errcode,
        )
        for one in together:
            self._tell(_changed(one, move, self._clock.now()))

    def _settle(self, tx: Transaction, one: Claimed, going: Going, result: Outcome) -> None:
        manners = self._ways[one.head.account].manners
        settle(tx, self._claims, one, going, result, manners, self._clock.now())

    def _send(self, going: Going, since: float) -> Outcome:
        """Make the call, unless a pause has eaten so much of the lease that it might outlive it."""
        head = going.head
        if self._clock.monotonic() - since > self._slack:
            return Outcome(move=Move(state="queued", reason="too little of the lease was left"), give_back=True)
        if going.call is not None:
            return self._by_rung(going, going.call)
        way = self._ways[head.account]
        message = way.media.filled(going.message)
        if message is None:  # another's refusal has just shown that the platform knows it no more
            return Outcome(move=Move(state="queued", reason="a file has to be uploaded again"), give_back=True)
        try:
            way.client.send(head.openid, message)
        except SendFailed as exc:
            if message != going.message and not going.renewed and files.is_unknown(exc):
                return files.to_renew(exc, going.message, message)
            result = outcome.failed(exc, head, self._clock.now(), random.random())
            return outcome.apart(result) if going.behind else result
        return outcome.sent()

    def _by_rung(self, going: Going, call: Call) -> Outcome:
        """Make the call of a rung."""
        head, way = going.head, self._ways[going.head.account]
        manner = way.manners.of(head.topic)
        try:
            taken = way.rungs.send(call, self._clock.now())
        except SendFailed as exc:
            now = self._clock.now()
            return rungs.failed(exc, head, manner, keyed=going.keyed, now=now, jitter=random.random())
        if isinstance(taken, Outcome):
            return taken
        return rungs.refused_by_webhook(taken, head, manner, self._clock.now(), random.random())


def _changed(one: Head, move: Move, now: float) -> FollowUpChanged:
    return FollowUpChanged(
        account=one.account,
        openid=one.openid,
        at=now,
        id=one.id,
        state=move.state,
        why=move.reason,
        errcode=move.errcode,
        message=one.message,
        topic=one.topic,
    )
