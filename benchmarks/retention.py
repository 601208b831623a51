"""Retention beside pushes: `python -m benchmarks.retention` deletes 200,000 old rows and asks meanwhile.

The web (gunicorn) and the sender are processes of their own on one SQLite file with its real disk; pushes are
signed and posted one after another. Idle and busy are measured in one run, so that their ratio holds on a
noisy machine; the times do not.
"""

import tempfile
import time
from pathlib import Path

import click

from benchmarks.deployment import deployed
from benchmarks.fanout import Chat
from wxbot.store.engine import Store
from wxbot.store.migrate import migrate

_ASKED = 1500  # pushes while nothing else happens
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
_FILL = (
    _NUMBERS + """
INSERT INTO pushes (account, push_key, openid, received_at, body, state, reply)
SELECT 'default', 'old' || i, 'oUser' || (i % 10000), 0, zeroblob(400), 'answered', zeroblob(300) FROM n""",
    _NUMBERS + """
INSERT INTO lanes (account, openid, lane, rank)
SELECT 'default', 'oUser' || i, 'followup', 2 FROM n WHERE i < 10000""",
    _NUMBERS + """
INSERT INTO followups (account, openid, lane_id, origin, message, due_at, ready_at, on_closed, priority, on_doubt,
  state, changed_at, history, key)
SELECT 'default', 'oUser' || (i % 10000), i % 10000, 'handler', '{"msgtype":"text","text":{"content":"CA"}}', 0,
  0, 'hold', 'normal', 'resend', 'sent', 0, '{"at":0,"state":"sent"}', 'k' || i FROM n""",
)  # fmt: skip
_LEFT = """
SELECT (SELECT count(*) FROM pushes WHERE received_at = 0)
  + (SELECT count(*) FROM followups WHERE changed_at = 0)"""


@click.command()
@click.option("--rows", default=200_000, show_default=True, help="Half of them pushes, half follow-ups.")
def retention(rows: int) -> None:
    """Measure a deletion, and what pushes notice of it."""
    with tempfile.TemporaryDirectory(prefix="wxbot-retention-") as name:
        url = f"sqlite:///{Path(name) / 'wxbot.db'}"
        migrate(url)
        store = Store(url)
        for statement in _FILL:
            store.write(lambda tx: tx.change(statement, count=rows // 2))  # noqa: B023  # run at once
        with deployed(url, Path(name)) as place:
            place.web()
            chat = Chat(place, 0)
            chat.ask(lambda asked: asked < 200)  # warm
            idle = chat.ask(lambda asked: asked < _ASKED)
            full = store.read(lambda tx: tx.rows(_LEFT))[0][0]
            place.sender()
            began = time.perf_counter()
            busy = chat.ask(lambda asked: asked % 50 != 0 or store.read(lambda tx: tx.rows(_LEFT))[0][0] > 2)
            seconds = time.perf_counter() - began
        store.close()
    click.echo(
        f"{full:,} rows deleted in {seconds:.1f} s; accept p50 idle {_ms(idle, 0.5)}, busy {_ms(busy, 0.5)}; "
        f"p99 idle {_ms(idle, 0.99)}, busy {_ms(busy, 0.99)}, longest {_ms(busy, 1)}; {len(busy)} asked meanwhile"
    )


def _ms(took: list[float], share: float) -> str:
    return f"{took[min(len(took) - 1, int(len(took) * share))] * 1000:.1f} ms"


if __name__ == "__main__":
    retention()
