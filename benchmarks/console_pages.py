"""The console at size: `python -m benchmarks.console_pages`, 100,000 contacts and a million follow-ups.

The store is filled by statements, and the application makes the pages in this process: what is timed is the
server's work for one page, of which the worst of several tries counts. `--database` chooses the kind of store.
"""

import re
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import click
from werkzeug.test import Client

from benchmarks.postgres import postgresql
from wxbot.app import create_app
from wxbot.settings import Settings
from wxbot.store import console_users as users
from wxbot.store.engine import Store
from wxbot.store.migrate import migrate

_TRIES = 5
_LIMIT = 300.0  # milliseconds
_PASSWORD = "correct horse battery"
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
_TEXT = '\'{"msgtype":"text","text":{"content":"CA1501 登机口 C23"}}\''
_BODY = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>oUser1</FromUserName><CreateTime>1800000000</CreateTime>"
    "<MsgType>text</MsgType><Content>CA1501</Content><MsgId>1</MsgId></xml>"
)
# A tenth of the follow-ups wait, as many are held, the rest is settled within the last month.
_FILL = (
    """
INSERT INTO contacts (account, openid, first_at, last_at, message_left, message_until)
SELECT 'default', 'oUser' || i, 0, :now - (i * 7) % 400000, i % 6,
  CAST(:now AS BIGINT) + 172800 - (i * 7) % 400000 FROM n""",
    """
INSERT INTO pushes (account, push_key, openid, received_at, body, state, reply)
SELECT 'default', 'k' || i, 'oUser' || i, :now - (i * 7) % 400000, CAST(:body AS {bytes}), 'answered',
  CAST('success' AS {bytes}) FROM n""",
    """
INSERT INTO lanes (account, openid, lane, rank) SELECT 'default', 'oUser' || i, 'followup', 2 FROM n""",
    """
INSERT INTO topics (account, topic, first_at) SELECT 'default', 'flight:' || i, :now - i FROM n WHERE i <= 10000""",
    """
INSERT INTO topics (account, topic, first_at) VALUES ('default', 'news', :now)""",
    """
INSERT INTO subscriptions (account, topic, openid, since)
SELECT 'default', 'flight:' || (1 + i % 10000), 'oUser' || i, 0 FROM n""",
    """
INSERT INTO subscriptions (account, topic, openid, since) SELECT 'default', 'news', 'oUser' || i, 0 FROM n""",
    """
INSERT INTO publications (account, topic, key, message, due_at, on_closed, priority, on_doubt, state,
  total, created_at)
SELECT 'default', 'flight:' || (1 + i % 10000), 'p' || i, {text}, :now + (i % 700000), 'hold', 'normal',
  'resend', 'running', 0, :now FROM n WHERE i <= 20000""",
)
_FOLLOW_UPS = """
INSERT INTO followups (account, openid, lane_id, origin, message, due_at, ready_at, on_closed, priority, on_doubt,
  topic, state, changed_at, history, key)
SELECT 'default', 'oUser' || (1 + i % 100000), 1, 'publication', {text}, :now + (i % 600000), :now + (i % 600000),
  'hold', 'normal', 'resend', 'flight:' || (1 + i % 10000),
  CASE i % 10 WHEN 0 THEN 'scheduled' WHEN 1 THEN 'held' WHEN 2 THEN 'refused' WHEN 3 THEN 'expired'
    ELSE 'sent' END,
  :now - (i % 2500000), '{{"at":0,"state":"sent"}}', 'f' || i FROM n"""


@click.command()
@click.option("--contacts", default=100_000, show_default=True)
@click.option("--followups", default=1_000_000, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
def console_pages(contacts: int, followups: int, database: str) -> None:
    """Time every page; exits with 1 when one takes longer than 300 ms."""
    with tempfile.TemporaryDirectory(prefix="wxbot-console-") as folder:
        if database == "sqlite":
            _measure(f"sqlite:///{Path(folder) / 'wxbot.db'}", contacts, followups)
            return
        with postgresql() as server:
            _measure(server.fresh(), contacts, followups)


def _measure(url: str, contacts: int, followups: int) -> None:
    migrate(url)
    store = Store(url)
    _fill(store, contacts, followups)
    settings = Settings.model_validate(
        {
            "account": {"token": "t", "appid": "wx0123456789abcdef", "appsecret": "s", "mode": "plain"},
            "database_url": url,
            "bot": "wxbot.examples.flight:bot",
            "console": {"https": False},
        }
    )
    client = _signed_in(create_app(settings))
    slow = [path for path in _PAGES if _time(client, path) > _LIMIT]
    store.close()
    if slow:
        raise click.ClickException(f"slower than {_LIMIT:.0f} ms: {', '.join(slow)}")


def _fill(store: Store, contacts: int, followups: int) -> None:
    now = time.time()
    kind = {"bytes": "BYTEA" if store.postgresql else "BLOB", "text": _TEXT}
    for statement in _FILL:
        values = {"count": contacts, "now": now, "body": _BODY}
        sql = statement.format(**kind)
        sql = _NUMBERS + sql if " FROM n" in sql else sql
        wanted = {name: value for name, value in values.items() if f":{name}" in sql}
        store.write(lambda tx: tx.change(sql, **wanted))  # noqa: B023  # run at once
    sql = _NUMBERS + _FOLLOW_UPS.format(**kind)
    store.write(lambda tx: tx.change(sql, count=followups, now=now))
    store.write(lambda tx: tx.change("ANALYZE"))
    hashed = users.hash_password("ann", _PASSWORD)
    store.write(lambda tx: users.add(tx, "ann", hashed, "owner", None, now))


def _signed_in(app: object) -> Client:
    client = Client(app)  # type: ignore[arg-type]
    page = client.get("/console/sign-in").text
    token = re.findall(r'csrf_token" value="([^"]+)"', page)[0]
    answer = client.post("/console/sign-in", data={"csrf_token": token, "name": "ann", "password": _PASSWORD})
    assert answer.status_code == 303, answer.status
    return client


def _time(client: Client, path: str) -> float:
    took = []
    for _ in range(_TRIES):
        began = time.perf_counter()
        answer = client.get(f"/console{path}")
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (path, answer.status)
    size = len(answer.data) / 1024
    click.echo(f"{path:<60} median {statistics.median(took):7.1f} ms  worst {max(took):7.1f} ms  {size:6.1f} KB")
    return max(took)


_PAGES = (
    "/default/conversations",
    "/default/conversations?order=recent",
    "/default/conversations?q=User99",
    "/default/conversations?q=CA15019",
    "/default/conversations?q=flight:77",
    "/default/conversations/oUser7",
    "/default/outbox",
    "/default/outbox?state=sent",
    "/default/outbox?state=refused&topic=flight:77",
    "/default/outbox?state=sent&topic=nobody",
    "/default/outbox?topic=flight:77",
    "/default/outbox?topic=nobody",
    "/default/outbox/1000000",
    "/default/pushes/failed",
    "/people",
    "/sessions",
    "/audit",
    "/audit?action=set_role",
    "/default/topics",
    "/default/topics?q=flight:99",
    "/default/topics/news",
    "/default/topics/flight:77",
    "/default/calendar",
    f"/default/calendar?day={date.today() + timedelta(days=2)}",
    "/default/charts",
    "/default/health",
)

if __name__ == "__main__":
    console_pages()
