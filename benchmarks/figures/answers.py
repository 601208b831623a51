"""Figures 8a and 8b: answers that are cut, slow, huge or missing, and a token that everybody finds refused."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

from benchmarks.deployment import Deployment, Surroundings, deployed
from benchmarks.figure import Figure, Run
from benchmarks.storm import Storm
from wxbot.errors import Unanswered
from wxbot.platform.transport import Transport
from wxbot.simulator.calls import SEND
from wxbot.simulator.faults import ACCEPT_THEN, INSTEAD, SPOILT
from wxbot.store.engine import Store

_NOT_TAKEN = sorted(INSTEAD - {"errcode"})
# A true answer in another charset is read all the same; one that is only late is no fault.
_TAKEN = sorted([*(ACCEPT_THEN + kind for kind in _NOT_TAKEN), *(SPOILT - {"delay", "charset"})])
_LIMIT = 8.0  # seconds; a call's, as it is shipped


def matrix(run: Run, figure: Figure) -> None:
    """Strike with each fault many times: every message must end in doubt, and be on the phone as often as taken."""
    times = run.size(50, 5)
    for url, folder in run.stores():
        given = Surroundings(seed=run.seed, bug=run.bug, sender={"threads": 16})
        with deployed(url, folder, given) as place:
            place.sender()
            for kind in [*_NOT_TAKEN, *_TAKEN]:
                _strike(place, figure, kind, times)
            figure.count("calls over 8.5 s", _at_the_real_limit(place, figure))
    figure.judge("calls over 8.5 s", at_most=0)
    figure.judge("wrong class", at_most=0)
    figure.judge("taken, but not once on the phone", at_most=0)


def _strike(place: Deployment, figure: Figure, kind: str, times: int) -> None:
    storm = Storm(place, policies=("park",))
    storm.meet(times, latency=0)
    place.post("/sim/faults", {"path": SEND, "kind": kind, "times": times})
    storm.queue(1)
    place.until(lambda: storm.waiting() == 0, 120)
    states = Counter(
        dict(place.rows("SELECT state, count(*) FROM followups WHERE state <> 'cancelled' GROUP BY 1"))
    )
    shown = storm.arrived()
    figure.count("faults", 1)
    figure.count("calls", times)
    figure.count("wrong class", times - states["doubtful"])
    expected = times if kind in _TAKEN else 0
    figure.count("taken, but not once on the phone", abs(sum(shown.values()) - expected))
    with closing(Store(place.url)) as store:
        store.write(lambda tx: tx.change("DELETE FROM followups"))


def _at_the_real_limit(place: Deployment, figure: Figure) -> int:
    """Make one call for each fault with the shipped limit, all at once; return how many took too long."""
    kinds = [*_NOT_TAKEN, *_TAKEN]
    for kind in kinds:
        place.post("/sim/faults", {"path": SEND, "kind": kind, "times": 1})

    def call(_: str) -> float:
        began = time.monotonic()
        with suppress(Unanswered):
            Transport(place.platform, limit=_LIMIT).post(SEND, {"access_token": "none"}, b"{}")
        return time.monotonic() - began

    with ThreadPoolExecutor(len(kinds)) as pool:
        took = list(pool.map(call, kinds))
    return sum(seconds > _LIMIT + 0.5 for seconds in took)


def herd(run: Run, figure: Figure) -> None:
    """End the token while 64 messages are due at 8 processes of 8 threads, round after round."""
    rounds = run.size(20, 2)
    for url, folder in run.stores():
        given = Surroundings(seed=run.seed, bug=run.bug, sender={"threads": 8, "request_limit": 2.0, "lease": 8.0})
        with deployed(url, folder, given) as place:
            storm = Storm(place, policies=("park",))
            storm.meet(64, latency=0)
            for _ in range(8):
                place.sender()
            for _ in range(rounds // 2):
                before = place.get("/sim/ledger")["token_fetches"]
                place.post("/sim/faults", {"path": SEND, "kind": "token_killed", "times": 1})
                storm.queue(1)
                place.until(lambda: storm.waiting() == 0, 120)  # noqa: B023  # waited for at once
                figure.count("rounds", 1)
                fetched = place.get("/sim/ledger")["token_fetches"] - before
                figure.count("fetches beyond one a round", max(0, fetched - 1 - (before == 0)))
            ledger = place.get("/sim/ledger")
            calls = ledger["accepted"] + sum(ledger["refused"].values())
            figure.count("messages", len(storm.queued))
            figure.count("not delivered", len(storm.queued) - len(storm.arrived()))
            figure.count("calls", calls)
            if calls > 2 * len(storm.queued):
                figure.broken.append(f"{calls} calls for {len(storm.queued)} messages")
    figure.judge("rounds", at_least=2 * (rounds // 2))
    figure.judge("fetches beyond one a round", at_most=0)
    figure.judge("not delivered", at_most=0)
