"""An errand whose sender is killed again and again does it to each follow-up once."""

import time
from pathlib import Path

from benchmarks.deployment import Deployment, deployed
from wxbot.store import errands
from wxbot.store.engine import Store

FOLLOW_UPS, LATER, KILLS = 2_500, 100, 3
_HELD = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO followups (account, openid, lane_id, origin, message, due_at, ready_at, on_closed, priority, on_doubt,
  state, changed_at, history)
SELECT 'default', 'oUser' || (i % 500), 1 + i % 500, 'test', '{"msgtype":"text","text":{"content":"hi"}}', 0, 0,
  'hold', 'normal', 'resend', 'held', 0, '' FROM n"""
_LANES = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499)
INSERT INTO lanes (account, openid, lane, rank) SELECT 'default', 'oUser' || i, 'followup', 2 FROM n"""


def _want(place: Deployment) -> None:
    """Want all that is held tried again: windows are closed, and a sender holds each again."""
    store = Store(place.url)
    store.write(lambda tx: tx.change(_LANES))
    store.write(lambda tx: tx.change(_HELD, count=FOLLOW_UPS))
    size = store.read(lambda tx: errands.size(tx, "default", "held"))
    store.write(lambda tx: errands.add(tx, "default", "ann", "retry", "held", size, now=time.time()))
    store.write(lambda tx: tx.change(_HELD, count=LATER))
    store.close()


def _seen(place: Deployment) -> int:
    return int(place.rows("SELECT seen FROM errands")[0][0])


def test_an_errand_killed_again_and_again_tries_each_once(url: str, tmp_path: Path) -> None:
    killed_midway = 0
    with deployed(url, tmp_path) as place:
        _want(place)
        for _ in range(KILLS):
            before = _seen(place)
            sender = place.start("wxbot.cli", "sender")
            place.until(lambda: _seen(place) > before)  # noqa: B023  # waited for at once
            time.sleep(place.chance.uniform(0, 0.1))
            place.kill(sender)
            killed_midway += before < _seen(place) < FOLLOW_UPS
        place.start("wxbot.cli", "sender")
        place.until(lambda: place.rows("SELECT status FROM errands") == [("done",)])

        assert killed_midway == KILLS
        tried = (
            "SELECT history LIKE '%ann tries again%', history LIKE '%ann tries again%ann tries again%', count(*)"
        )
        found = place.rows(f"{tried} FROM followups WHERE id <= {FOLLOW_UPS} GROUP BY 1, 2")
        assert [(bool(once), bool(twice), count) for once, twice, count in found] == [(True, False, FOLLOW_UPS)]
        assert place.rows(f"SELECT count(*) FROM followups WHERE id > {FOLLOW_UPS} AND history <> ''") == [(0,)]
        assert place.rows("SELECT seen, changed FROM errands") == [(FOLLOW_UPS, FOLLOW_UPS)]
