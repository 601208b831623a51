"""The sender: claim lanes that have something due, send one message of each, settle what became of it.

Three steps a message: the claim (shared by many lanes), `sending` right before the bytes leave, and the settle,
which gives the lane back. One thread at a time writes: it settles what was answered, claims and begins what is due
next, all in one commit. While the platform answers at once, that is the thread that calls.
Each step names the owner and the claim number it expects.
A sender that dies or loses its lease leaves at most one message in doubt for each thread.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from wxbot.background import Repeating, Wake
from wxbot.clock import Clock
from wxbot.delivery import files
from wxbot.delivery.begin import Beginning
from wxbot.delivery.calling import Calling
from wxbot.delivery.claims import Claimed, Claims
from wxbot.delivery.crew import SOON, Crew
from wxbot.delivery.places import Places
from wxbot.delivery.settling import Answered, Settling
from wxbot.delivery.taking import Taken, Taking
from wxbot.delivery.way import Going, Way
from wxbot.errors import NotFound, SendFailed, StoreError
from wxbot.reply.hooks import FollowUpChanged
from wxbot.store.engine import Store, Transaction
from wxbot.store.lanes import Head, Move
from wxbot.store.together import Wanted

log = structlog.get_logger(__name__)

_GATHER = 0.0015  # seconds, a small part of what a call to the platform takes
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
        slack = pace.lease - 2 * pace.request_limit - _MARGIN
        self._share = max(1, pace.threads // max(1, len(ways)))  # of the threads, so that no account holds all
        self._places = {account: Places(self._share) for account in ways}
        beginning = Beginning(store, self._claims, ways, self._places)
        self._taking = Taking(store, clock, self._claims, beginning, ways, slack)
        self._calling = Calling(clock, ways, slack)
        self._crew = Crew(pace.threads, self._deliver, self._go_on)
        self._settling = Settling(store, clock, self._claims, ways, self._ended)
        self._busy = dict.fromkeys(ways, 0)  # messages in hand, until they are settled
        self._lock = threading.Lock()
        self._turning = threading.Lock()
        self._wake = Wake()  # `stop` sets it, and is called by a signal handler
        self._stopping = False

    def run(self) -> None:
        """Send until `stop` is called; returns when what was begun is settled."""
        log.info("sender runs", action="sender_started", store=self._store.about, accounts=list(self._ways))
        for each in self._beside:
            each.start()
        with self._crew:
            while True:
                self._wake.clear()
                with self._turning:  # also for the look whether it is over: another's turn may just take something
                    taken = self._turn()
                    if self._stopping and not any(self._busy.values()):
                        return
                self._crew.give(taken)
                if not taken or self._crew.goes_on:  # then its thread takes the turns
                    self._wait()

    def stop(self) -> None:
        """Claim nothing more; what is being sent is finished. May be called from a signal handler."""
        self._stopping = True
        self._settling.hurry()
        for each in self._beside:
            each.stop()
        self._wake.set()

    def _wait(self) -> None:
        """Wait until nobody goes on alone and it is time to look; for an answer, and some more that are under way.

        A commit costs nearly the same for many messages as for one.
        """
        end = time.monotonic() + self._pace.poll
        while not self._wake.wait(SOON if self._crew.is_behind() else self._pace.poll):
            if not self._crew.goes_on or time.monotonic() >= end:
                break
        with self._lock:
            are_under_way = sum(self._busy.values()) > len(self._settling)
        if are_under_way:
            time.sleep(_GATHER)

    def _go_on(self) -> list[Taken]:
        """Settle and take as `run` does, in the thread that made the calls of a claim: none has to wake another."""
        if not self._settling:
            return []
        if not self._turning.acquire(blocking=False):
            self._wake.set()  # whoever has the turn may not have seen what was just answered
            return []
        try:
            return self._turn()
        except Exception:
            log.exception("no turn", action="turn_failed")
            self._wake.set()  # for `run` to find the same
            return []
        finally:
            self._turning.release()

    def _turn(self) -> list[Taken]:
        """Settle what was answered, and take what is due next."""
        answered = self._settling.take()
        takings = {} if self._stopping else self._takings(Counter(each.account for each in answered))
        done = self._settling.settle(answered, list(takings.values()))
        return [each for account, one in zip(takings, done, strict=True) for each in self._taken(account, one)]

    def _takings(self, settled: Mapping[str, int]) -> dict[str, Callable[[Transaction], list[Taken]]]:
        """Return what takes the next messages of each account that has some, or may have once these are settled."""
        found = {}
        for account in self._ways:
            free = self._free(account) + settled.get(account, 0)
            ranks = self._look(account) if free > 0 and not settled else []
            if free > 0 and (settled or ranks):
                found[account] = self._taking.take(account, free, ranks)
        return found

    def _free(self, account: str) -> int:
        with self._lock:
            return self._share - self._busy[account]

    def _look(self, account: str) -> list[int]:
        try:
            return self._taking.look(account)
        except StoreError:
            log.exception("claim failed", action="claim_failed", account=account)
            return []

    def _taken(self, account: str, done: Wanted) -> list[Taken]:
        """Return what an account's taking took; where beginning failed, what can be claimed without."""
        if done.error is not None and not isinstance(done.error, StoreError):
            log.error("not begun at once", action="begin_failed", account=account, exc_info=done.error)
            [done] = self._store.write_each([self._taking.take_only(account, self._free(account))])
        if done.error is not None:
            log.error("claim failed", action="claim_failed", account=account, exc_info=done.error)
            return []
        taken: list[Taken] = done.result
        with self._lock:
            self._busy[account] += len(taken)
        return taken

    def _deliver(self, taken: Taken) -> None:
        """Make the call for a message; what it comes to is settled by `_turn`."""
        goes_on = self._crew.is_quick
        answered = self._answer(taken)
        if answered is None:
            self._let_go(taken.one)
        else:
            self._settling.add(answered)
        if answered is None or not goes_on:
            self._wake.set()

    def _answer(self, taken: Taken) -> Answered | None:
        """Begin a message where that is still to be done, and make its call; None when none was to be made."""
        one = taken.one
        try:
            if taken.is_begun or self._files_are_ready(one):
                begun = self._taking.begun(taken)
                if isinstance(begun.going, Going):
                    result = self._calling.call(begun.going, begun.since)
                    return Answered(one, begun.going, result, self._clock.monotonic())
                if begun.going is not None:
                    self._report([one.head], begun.going)
        except Exception:  # the lease ends by itself, and the message is found as it was left
            log.exception("not sent", action="send_failed", followup=one.head.id)
        return None

    def _ended(self, answered: Answered, is_settled: bool) -> None:
        self._let_go(answered.one)
        if is_settled:
            self._report([answered.going.head, *answered.going.behind], answered.result.move)

    def _let_go(self, one: Claimed) -> None:
        self._places[one.head.account].leave(one.lane.id)
        with self._lock:
            self._busy[one.head.account] -= 1

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
