"""Figure 10: conversations that a state machine makes up, and fan-outs whose senders are killed."""

import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.conversation import Town, conversation
from benchmarks.deployment import Deployment, Surroundings, deployed
from benchmarks.figure import Figure, Run
from benchmarks.storm import Storm
from wxbot.delivery.fanout import publish
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.store.engine import Store

_FOLLOW = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO contacts (account, openid, first_at, last_at) SELECT 'default', 'oUser' || i, 0, 0 FROM n"""
_SUBSCRIBE = (
    "INSERT INTO subscriptions (account, topic, openid, since) SELECT account, 'news', openid, 0 FROM contacts"
)
_KNOW = "INSERT INTO topics (account, topic, first_at) VALUES ('default', 'news', 0)"
_NEWS = ("news #1", "news #2")
_UNDONE = "SELECT 1 FROM publications WHERE state <> 'done'"
_OUT = ("out of order", "missing", "twice", "called off, but shown")


def order(run: Run, figure: Figure) -> None:
    """Make conversations until there are steps enough, then fan out under fire; half on each store."""
    given = Surroundings(
        seed=run.seed,
        bug=run.bug,
        rights="current",
        moving=True,
        account='keep = 0\njoin = false\nhint = ""',
        sender={"poll": 0.005},
    )
    for url, folder in replace(run, folder=run.folder / "talk").stores():
        with deployed(url, folder, given) as place, closing(Store(url)) as store:
            place.web()
            place.sender()
            _talk(run, figure, Town(place, store))
    for url, folder in replace(run, folder=run.folder / "fan-out").stores():
        with deployed(url, folder, run.surroundings()) as place:
            _fan_out(run, figure, place)
    figure.judge("steps", at_least=run.size(5_000, 200))
    figure.judge("kills", at_least=run.size(30, 2))
    for name in _OUT:
        figure.judge(name, at_most=0)


def _talk(run: Run, figure: Figure, town: Town) -> None:
    enough, nth, each = run.size(2_500, 100), 0, run.size(80, 20)
    how = settings(
        stateful_step_count=each,
        phases=[Phase.generate],  # the seed repeats a run; a shorter one is for the tests to find
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        while town.found["steps"] < enough:
            machine: Any = partial(conversation, town)  # a factory will do
            missing = enough - int(town.found["steps"])
            count = 2 + missing // each  # the first is always the simplest: it says little
            run_state_machine_as_test(seed(run.seed + nth)(machine), settings=settings(how, max_examples=count))
            nth += 1
    finally:
        for name, value in town.found.items():
            figure.count(name, value)
        figure.broken += [one[:500] for one in town.said[:1]]  # Hypothesis tells only that a replay differs


def _fan_out(run: Run, figure: Figure, place: Deployment) -> None:
    """Publish twice to many, few of whom can be written to now, and kill the sender again and again meanwhile."""
    kills = run.size(15, 1)
    # Enough for each kill to come while there is work: SQLite makes 70,000 a second.
    on_sqlite = place.url.startswith("sqlite")
    storm, count = Storm(place), run.size(60_000, 20_000) if on_sqlite else run.size(12_000, 3_000)
    storm.meet(run.size(500, 20), latency=0)
    _publish(place, count - len(storm.users))
    for _ in range(kills):
        before, sender = _made(place), place.sender()
        place.until(lambda: _made(place) > before or not place.rows(_UNDONE))  # noqa: B023  # waited for at once
        time.sleep(place.chance.uniform(0, 0.03))
        figure.count("kills", bool(place.rows(_UNDONE)))
        sender.kill()
        sender.join()
        place.senders.remove(sender)
    place.sender()
    place.until(lambda: not place.rows(_UNDONE) and storm.waiting() == 0, 180)
    figure.count("subscribers", count)
    _judge(figure, place, storm.users, count)


def _publish(place: Deployment, strangers: int) -> None:
    """Let so many more follow, all subscribe, and two publications be due."""
    with closing(Store(place.url)) as store:
        store.write(lambda tx: tx.change(_FOLLOW, count=strangers))
        store.write(lambda tx: tx.change(_SUBSCRIBE))
        store.write(lambda tx: tx.change(_KNOW))
        for text in _NEWS:
            new = FollowUp(message=message_json(Text(text)), due_at=time.time(), on_doubt="park")
            publish(store, "default", "news", new, key=text, now=time.time())


def _made(place: Deployment) -> int:
    return int(place.rows("SELECT count(*) FROM followups")[0][0])


def _judge(figure: Figure, place: Deployment, users: list[str], count: int) -> None:
    """Hold the phones against what was published; who cannot be written to has it in the outbox, held."""
    [(made, apart)] = place.rows("SELECT count(*), count(DISTINCT openid || key) FROM followups")
    parked = Counter(row[0] for row in place.rows("SELECT openid FROM followups WHERE state = 'doubtful'"))
    figure.count("missing", len(_NEWS) * count - apart)
    figure.count("twice", made - apart)
    for openid in users:
        shown = [i["text"] for i in place.get(f"/sim/users/{openid}/phone")["items"] if i["via"] == "custom"]
        figure.count("missing", max(0, len(_NEWS) - len(set(shown)) - parked[openid]))
        figure.count("twice", len(shown) - len(set(shown)))
        figure.count("out of order", shown != sorted(shown))
