"""A backup under traffic, the machine lost, the backup restored elsewhere: nothing arrives twice by itself."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from benchmarks.postgres import Server
from benchmarks.serving import served
from flow.stage import Stage, senders, staged
from flow.test_commands import run
from wxbot.app import create_app
from wxbot.clock import SharedClock
from wxbot.reply.bot import Bot
from wxbot.store.copies import restore


@pytest.fixture
def stage(database: Path, bot: Bot) -> Iterator[Stage]:
    with staged(f"sqlite:///{database}", bot, sending=False) as running:
        yield running


@contextmanager
def traffic(stage: Stage) -> Iterator[list[str]]:
    """Let one user after another ask for a follow-up while the block runs."""
    ended, users = threading.Event(), list[str]()

    def ask() -> None:
        while not ended.is_set():
            users.append(stage.user())
            stage.say(users[-1], "plan 1")

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield users
    finally:
        ended.set()
        asking.join()


@contextmanager
def started_on(stage: Stage, url: str) -> Iterator[Stage]:
    """Run web and sender on another store, against the same platform at the same time."""
    settings = stage.settings.model_copy(update={"database_url": url})
    with served(create_app(settings, stage.clock)) as web, senders(settings, stage.clock, 1):
        stage.post("/sim/settings", {"webhook": f"{web}/wechat"})
        yield Stage(stage.clock, settings, stage.platform, f"{web}/wechat")


def test_what_was_sent_is_not_sent_again_and_what_is_in_doubt_is_told(stage: Stage, tmp_path: Path) -> None:
    settled, between, later = stage.user(), stage.user(), stage.user()
    with senders(stage.settings, stage.clock, 1):
        stage.say(settled, "plan 1")
        stage.clock.advance(5)
        stage.until(lambda: "news 0" in stage.shown(settled))
        stage.say(between, "plan 1")
        stage.say(later, "plan 4")
        with traffic(stage) as users:
            stage.until(lambda: len(users) > 3)
            done = run(stage, "backup", str(tmp_path / "copy.db"))
            assert done.returncode == 0, done.stderr
        stage.clock.advance(15)  # what the lost machine still did
        everybody = [settled, between, later, *users]
        stage.until(lambda: all("news 0" in stage.shown(user) for user in everybody))

    put_back = tmp_path / "restored.db"
    parked = restore(tmp_path / "copy.db", put_back, stage.clock.now(), 0.0, lambda *_: None)
    with started_on(stage, f"sqlite:///{put_back}") as restored:
        restored.clock.advance(20)
        restored.until(lambda: "news 3" in restored.shown(later))

        doubtful = restored.rows("SELECT openid FROM followups WHERE state = 'doubtful'")
        assert parked.follow_ups == len(doubtful) > 0
        assert (between,) in doubtful
        assert (settled,) not in doubtful
        for user in everybody:
            assert Counter(restored.shown(user, "custom")).most_common(1)[0][1] == 1
        assert restored.ledger()["duplicates"] == 0


def test_a_backup_is_restored_by_the_command_with_its_report(stage: Stage, tmp_path: Path) -> None:
    timed = {"WXBOT_CLOCK_FILE": str(tmp_path / "clock")}
    user = stage.user()
    stage.say(user, "late news")
    stage.clock.advance(4 * 86_400)
    SharedClock(tmp_path / "clock").advance(stage.clock.now() - time.time())
    made = run(stage, "backup", str(tmp_path / "copy.db"), **timed)
    again = run(stage, "backup", str(tmp_path / "copy.db"), **timed)
    there = {**timed, "WXBOT_DATABASE_URL": f"sqlite:///{tmp_path / 'restored.db'}"}

    assert (made.returncode, again.returncode) == (0, 2)
    assert "there already" in again.stderr
    done = run(stage, "restore", str(tmp_path / "copy.db"), "--yes", **there)
    assert "parked: 1 follow-ups" in done.stdout, done.stderr
    assert user in run(stage, "outbox", "list", "--state", "doubtful", **there).stdout
    assert "restore FILE" in run(stage, "restore", "--yes", **there).stderr
    copy = {**timed, "WXBOT_DATABASE_URL": f"sqlite:///{tmp_path / 'copy.db'}"}
    for command in ("contacts", "migrate"):
        refused = run(stage, command, **copy)
        assert (refused.returncode, "names a backup" in refused.stderr) == (2, True)


def test_postgresql_is_told_its_own_programs_without_the_password(stage: Stage, tmp_path: Path) -> None:
    there = {"WXBOT_DATABASE_URL": "postgresql+psycopg://wxbot:hunter2@db.internal/wxbot"}

    made = run(stage, "backup", "copy.dump", **there)
    back = run(stage, "restore", "copy.dump", "--yes", **there)

    for done, program in ((made, "pg_dump --format=custom --file=copy.dump"), (back, "pg_restore --dbname=")):
        assert done.returncode == 2
        assert program in done.stderr
        assert "postgresql://wxbot:***@db.internal/wxbot" in done.stderr
        assert "hunter2" not in done.stderr


def test_postgresql_is_dumped_restored_and_parked_as_the_guide_says(
    postgresql: Server, bot: Bot, tmp_path: Path
) -> None:
    SharedClock(tmp_path / "clock")
    url, dump = postgresql.fresh(), str(tmp_path / "wxbot.dump")
    with staged(url, bot, sending=False) as stage:
        stage.say(stage.user(), "plan 1")
        postgresql.run("pg_dump", "--format=custom", f"--file={dump}", url)
        postgresql.administer("CREATE DATABASE put_back")
        there = url.replace(str(make_url(url).database), "put_back")
        postgresql.run("pg_restore", "--no-owner", f"--dbname={there}", dump)
        clock = {"WXBOT_CLOCK_FILE": str(tmp_path / "clock")}
        SharedClock(tmp_path / "clock").advance(stage.clock.now() + 5 - time.time())

        done = run(stage, "restore", "--yes", "--json", WXBOT_DATABASE_URL=there, **clock)

        assert json.loads(done.stdout) == {"follow_ups": 1, "pushes": 0, "publications": []}, done.stderr
        with started_on(stage, there) as restored:
            user = restored.user()
            restored.say(user, "plan 1")
            restored.clock.advance(5)
            restored.until(lambda: restored.states() == ["doubtful", "sent"])
            assert "news 0" in restored.shown(user)
    postgresql.drop(there)
    postgresql.drop(url)
