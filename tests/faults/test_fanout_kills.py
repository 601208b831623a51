"""A fan-out killed again and again makes each subscriber's follow-up once."""

import time
from pathlib import Path

from benchmarks.deployment import Deployment, deployed
from wxbot.delivery.fanout import publish
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.store.engine import Store

KILLS = 3
_FOLLOW = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO contacts (account, openid, first_at, last_at) SELECT 'default', 'oUser' || i, 0, 0 FROM n"""
_SUBSCRIBE = """
INSERT INTO subscriptions (account, topic, openid, since) SELECT account, 'news', openid, 0 FROM contacts"""


def _many(url: str) -> int:
    """Return so many subscribers that each kill comes while there is work: SQLite makes 70,000 a second."""
    return 80_000 if url.startswith("sqlite") else 12_000


def _publish(place: Deployment) -> None:
    """Publish to subscribers whose windows are closed: their follow-ups are made, and nothing is sent."""
    store, now = Store(place.url), time.time()
    store.write(lambda tx: tx.change(_FOLLOW, count=_many(place.url)))
    store.write(lambda tx: tx.change(_SUBSCRIBE))
    store.write(lambda tx: tx.change("INSERT INTO topics (account, topic, first_at) VALUES ('default', 'news', 0)"))
    new = FollowUp(message=message_json(Text("登机口改为 C25")), due_at=now)
    publish(store, "default", "news", new, key="k", now=now)
    store.close()


def _made(place: Deployment) -> int:
    return int(place.rows("SELECT count(*) FROM followups")[0][0])


def test_a_fan_out_killed_again_and_again_makes_one_follow_up_for_each_subscriber(url: str, tmp_path: Path) -> None:
    killed_midway, subscribers = 0, _many(url)
    with deployed(url, tmp_path) as place:
        _publish(place)
        for _ in range(KILLS):
            before = _made(place)
            sender = place.start("wxbot.cli", "sender")
            place.until(lambda: _made(place) > before)  # noqa: B023  # waited for at once
            time.sleep(place.chance.uniform(0, 0.05))
            place.kill(sender)
            killed_midway += before < _made(place) < subscribers
        place.start("wxbot.cli", "sender")
        place.until(lambda: place.rows("SELECT state FROM publications") == [("done",)])

        assert killed_midway == KILLS
        assert place.rows("SELECT total FROM publications") == [(subscribers,)]
        assert place.rows("SELECT count(*), count(DISTINCT openid) FROM followups") == [(subscribers, subscribers)]
        assert place.rows("SELECT count(*) FROM lanes WHERE lane <> 'broadcast'") == [(0,)]
