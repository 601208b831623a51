"""The commands, run as a person runs them, on a store that the web has filled."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from flow.stage import Stage, senders
from wxbot.cli import COMMANDS, main
from wxbot.delivery import plans
from wxbot.reply.plan import Plan, PlanChange, notice, step
from wxbot.store import topics


@pytest.fixture
def url(database: Path) -> str:
    """Commands ask the same store functions as the rest: SQLite will do."""
    return f"sqlite:///{database}"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command printed, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def environment_of(stage: Stage) -> dict[str, str]:
    """Return the settings of a stage as a command reads them, on a machine in Beijing."""
    account = stage.settings.account
    return {
        "WXBOT_TOKEN": account.token.get_secret_value(),
        "WXBOT_APPID": account.appid,
        "WXBOT_APPSECRET": account.appsecret.get_secret_value(),
        "WXBOT_MODE": account.mode,
        "WXBOT_API_BASE": stage.platform,
        "WXBOT_DATABASE_URL": stage.settings.database_url,
        "TZ": "Asia/Shanghai",
    }


def invoke(stage: Stage, *arguments: str, given: str = "", **more: str) -> Result:
    """Run a command on a stage's store, in this process: to start another for each costs a second of CPU."""
    with surrounded_by({**environment_of(stage), **more}):
        return CliRunner().invoke(main, arguments, input=given, prog_name="wxbot", catch_exceptions=False)


def run(stage: Stage, *arguments: str, given: str = "", **more: str) -> Done:
    """Do the same, and tell of it as of a process."""
    done = invoke(stage, *arguments, given=given, **more)
    return Done(done.exit_code, done.stdout, done.stderr)


@contextmanager
def surrounded_by(environment: Mapping[str, str]) -> Iterator[None]:
    """Give this process a command's environment, with no other setting of wxbot, while the block runs."""
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in [each for each in os.environ if each.startswith("WXBOT_")]:
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            time.tzset()
            yield
    finally:
        time.tzset()


def test_contacts_show_what_may_still_be_sent_and_until_when(still: Stage) -> None:
    user = still.user()
    still.say(user, "hello")

    [shown] = json.loads(run(still, "contacts", "--json").stdout)
    told = run(still, "contacts").stdout

    assert (shown["openid"], shown["left"]) == (user, 5)
    assert user in told
    assert "2027-01-17" in told  # 48 hours after the test's stopped clock, in Beijing


def test_send_queues_and_outbox_and_explain_tell_what_became_of_it(still: Stage) -> None:
    user = still.user()
    still.say(user, "hello")
    queued = json.loads(run(still, "send", user, "登机口 C23", "--key", "k", "--json").stdout)
    assert json.loads(run(still, "send", user, "登机口 C23", "--key", "k", "--json").stdout)["is_new"] is False
    still.clock.seconds = time.time() + 5
    still.say(user, "again")
    with senders(still.settings, still.clock, 1):
        still.until(lambda: still.states() == ["sent"])

    assert "登机口 C23" in run(still, "outbox", "list").stdout
    [one] = json.loads(run(still, "outbox", "list", "--json").stdout)
    assert (one["id"], one["state"]) == (queued["id"], "sent")
    assert "accepted it" in run(still, "explain", str(queued["id"])).stdout
    assert run(still, "outbox", "show", str(queued["id"])).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["send", "oNobody", "hello"], "never written"),
        (["explain", "99"], "no follow-up 99"),
        (["outbox", "retry", "99"], "no follow-up 99"),
        (["outbox", "show", "99"], "no follow-up 99"),
        (["contacts", "oNobody"], "never written"),
        (["replay", "99"], "no push 99"),
        (["apikey", "revoke", "99"], "no key '99'"),
        (["apikey", "create", "x", "--scope", "send", "--account", "b"], "no account 'b'"),
        (["send", "oNobody", " "], "needs content"),
        (["send", "oNobody", "长" * 800], "at most 2047 bytes"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line_with_exit_1(still: Stage, arguments: list[str], told: str) -> None:
    done = run(still, *arguments)

    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["contacts", "\udcff"], ["explain", "\udcff"], ["publish", "news", "\udcff", "--key", "k"]]
)
def test_an_argument_that_is_no_text_is_told_in_one_line(still: Stage, arguments: list[str]) -> None:
    done = run(still, *arguments)

    assert (done.returncode, "not UTF-8" in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["contacts"], ["explain"], ["topics"], ["apikey", "revoke"]])
def test_a_very_long_argument_makes_no_very_long_error(still: Stage, arguments: list[str]) -> None:
    done = run(still, *arguments, "长" * 10_000)

    assert (done.returncode, len(done.stderr)) == (1, 1001)
    assert "…" in done.stderr


@pytest.mark.parametrize("name", ["", "x" * 101, "a\nb"])
def test_a_key_needs_a_name_that_can_be_seen(still: Stage, name: str) -> None:
    assert run(still, "apikey", "create", name, "--scope", "read").returncode == 2


def test_wrong_settings_are_told_all_at_once_with_exit_2(still: Stage) -> None:
    done = run(still, "contacts", WXBOT_MODE="loud", WXBOT_APPID="x")

    assert done.returncode == 2
    assert "WXBOT_MODE" in done.stderr
    assert "WXBOT_APPID" in done.stderr


def test_a_moment_without_a_time_zone_is_refused_with_an_example(still: Stage) -> None:
    done = run(still, "send", "oUser", "hello", "--at", "2026-11-25T13:25")

    assert done.returncode == 2
    assert "+08:00" in done.stderr


def test_cancel_and_retry_change_what_they_may_and_name_what_they_may_not(still: Stage) -> None:
    user = still.user()
    still.say(user, "hello")
    run(still, "send", user, "later", "--at", "+2h")

    assert "cancelled" in run(still, "outbox", "cancel", "1").stdout
    assert "1 is cancelled" in run(still, "outbox", "cancel", "1").stderr
    assert run(still, "outbox", "retry", "1").returncode == 0


def test_a_key_is_shown_once_and_ends_when_it_is_revoked(still: Stage) -> None:
    made = run(
        still, "apikey", "create", "airline", "--scope", "send", "--scope", "read", "--expires", "+90d"
    ).stdout
    id = made.split("_")[1]

    assert made.startswith("wxk_")
    [listed] = json.loads(run(still, "apikey", "list", "--json").stdout)
    assert (listed["id"], listed["account"], listed["scopes"]) == (id, "default", ["read", "send"])
    shown = run(still, "apikey", "list").stdout
    assert ("live" in shown, made.strip().split("_", 2)[2] in shown) == (True, False)
    assert "is revoked" in run(still, "apikey", "revoke", id).stdout
    assert "already" in run(still, "apikey", "revoke", id).stdout
    assert "revoked" in run(still, "apikey", "list").stdout


def test_doctor_finds_what_is_not_fit(still: Stage) -> None:
    fit = run(still, "doctor", WXBOT_BOT="wxbot.examples.flight:bot")
    unfit = run(still, "doctor", WXBOT_BOT="no.such:bot", WXBOT_APPSECRET="wrong")

    assert fit.returncode == 0, fit.stdout
    assert unfit.returncode == 1
    assert "BAD  bot" in unfit.stdout
    assert "BAD  token default" in unfit.stdout


@pytest.mark.parametrize(
    "code", ["raise RuntimeError('a bug')", "1 +", "import no_such_thing", "import sys; sys.exit(0)", "bot = 3", ""]
)
@pytest.mark.parametrize("command", ["serve", "sender", "doctor"])
def test_a_bot_that_cannot_be_loaded_is_told_at_once(still: Stage, tmp_path: Path, code: str, command: str) -> None:
    (tmp_path / "my_broken_bot.py").write_text(code)

    done = run(still, command, WXBOT_BOT="my_broken_bot:bot", PYTHONPATH=str(tmp_path), WXBOT_BIND="127.0.0.1:0")

    assert done.returncode == (1 if command == "doctor" else 2)
    assert "my_broken_bot" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("sqlite:////no/such/folder/x.db", "unable to open"),
        ("sqlite:////tmp", "unable to open"),
        ("x.db", "is not a database URL"),
        ("mysql://localhost/x", "is not supported"),
        ("sqlite://", "names no file"),
        ("postgresql://u:canary@127.0.0.1:1/x", "cannot be"),
    ],
)
@pytest.mark.parametrize("command", ["migrate", "contacts"])
def test_a_store_that_cannot_be_opened_is_told_in_one_line(
    still: Stage, wrong: str, told: str, command: str
) -> None:
    done = run(still, command, WXBOT_DATABASE_URL=wrong)

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr


def test_an_account_that_is_not_in_the_settings_is_told(still: Stage) -> None:
    done = run(still, "contacts", "--account", "zz")

    assert done.returncode == 1
    assert "no account 'zz'" in done.stderr


def test_an_id_that_no_store_can_hold_is_refused(still: Stage) -> None:
    assert run(still, "explain", "99999999999999999999999").returncode == 2


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(main, [command, "--help"], prog_name="wxbot")

    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 4
    loaded = main.get_command(click.Context(main), command)
    assert COMMANDS[command][1] == (loaded and loaded.get_short_help_str(limit=62))


HEAVY = {
    "alembic",
    "cryptography",
    "flask",
    "pydantic",
    "re2",
    "requests",
    "rich.progress",
    "sqlalchemy",
    "wxbot.app",
    "wxbot.wiring",
}


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        (["--help"], set()),
        (["send", "--help"], {"pydantic"}),
        (["rules", "check", "--help"], {"re2"}),
        (["sender", "--help"], {"pydantic", "re2", "wxbot.wiring"}),
    ],
    ids=["the list", "a command on the store", "a command without a store", "the sender"],
)
def test_a_command_loads_nothing_heavy_that_it_does_not_need(command: list[str], needs: set[str]) -> None:
    code = "import sys; from wxbot.cli import main; main(sys.argv[1:], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)

    assert HEAVY & set(done.stdout.split()) <= needs


def test_as_a_process_of_its_own_a_command_prints_and_exits_alike(still: Stage) -> None:
    user = still.user()
    still.say(user, "hello")
    given = {**os.environ, **environment_of(still)}
    apart = [
        subprocess.run([sys.executable, "-m", "wxbot.cli", *each], env=given, capture_output=True, check=False)
        for each in (["contacts", "--json"], ["contacts", "--account", "zz"])
    ]

    for done, here in zip(
        apart, [run(still, "contacts", "--json"), run(still, "contacts", "--account", "zz")], strict=True
    ):
        assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (
            here.returncode,
            here.stdout,
            here.stderr,
        )


def test_send_and_publish_take_a_topic_and_facts_for_the_fallback(still: Stage) -> None:
    user = still.user()
    still.say(user, "hello")
    store, now = still.store(), still.clock.now()
    store.write(lambda tx: topics.subscribe(tx, "default", "flight:CA1501", user, now))
    store.close()
    fate = ("--on-closed", "template", "--fact", "gate=C23", "--fact", "belt=a=b")

    run(still, "send", user, "one", "--topic", "flight:CA1501", *fate)
    run(still, "publish", "flight:CA1501", "two", "--key", "k", *fate)

    for table, topic in (("followups", "flight:CA1501"), ("publications", "flight:CA1501")):
        [row] = still.rows(f"SELECT on_closed, topic, facts FROM {table}")
        assert (row[0], row[1], json.loads(row[2])) == ("template", topic, {"gate": "C23", "belt": "a=b"})


def test_send_and_publish_take_any_message_and_an_agents_name(still: Stage) -> None:
    user = still.user()
    still.say(user, "hello")
    store, now = still.store(), still.clock.now()
    store.write(lambda tx: topics.subscribe(tx, "default", "t", user, now))
    store.close()
    card = ("--message", '{"type": "wxcard", "card_id": "c1"}', "--kf-account", "ann@x")

    run(still, "send", user, *card)
    run(still, "publish", "t", "--key", "k", *card)

    for table in ("followups", "publications"):
        [(message,)] = still.rows(f"SELECT message FROM {table}")
        assert json.loads(message)["wxcard"] == {"card_id": "c1"}
        assert json.loads(message)["customservice"] == {"kf_account": "ann@x"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "either TEXT or --message"),
        (["x", "--message", '{"type": "wxcard", "card_id": "c1"}'], "either TEXT or --message"),
        (["--message", '{"type": "wxcard"}'], "card_id: Field required"),
        (["--message", '{"type": "link"}'], "'link' found"),
        (["--message", "{"], "Invalid JSON"),
        (["--message", "@nowhere.json"], "nowhere.json cannot be read"),
        (["x", "--kf-account", "ann"], "prefix@wechat-id"),
    ],
)
def test_a_message_that_cannot_be_sent_is_told_by_its_field(still: Stage, arguments: list[str], told: str) -> None:
    done = run(still, "send", "oUser", *arguments)

    assert done.returncode != 0
    assert told in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--fact", "gate"], "is not NAME=TEXT"),
        (["--fact", "gate= "], "is not NAME=TEXT"),
        (["--fact", "gate=1", "--fact", "gate=2"], "gate is given twice"),
        (["--fact", "1=x"], "cannot be a fact"),
        (["--topic", "a b"], "has ' '"),
        (["--key", "k" * 201], "at most 200 characters"),
    ],
)
def test_a_wrong_topic_fact_or_key_is_told_and_nothing_is_stored(
    still: Stage, options: list[str], told: str
) -> None:
    user = still.user()
    still.say(user, "hello")

    done = run(still, "send", user, "one", *options)

    assert done.returncode != 0
    assert told in " ".join(done.stderr.split())
    assert still.states() == []


def test_a_plan_shows_its_zone_what_goes_out_at_once_and_that_it_is_cancelled(still: Stage) -> None:
    plan = Plan(name="p", steps=[step("now", "T-1h", "soon"), step("then", "T", "there")], moved=notice("moved"))
    store, now = still.store(), still.clock.now()
    for change in (PlanChange(topic="trip", plan=plan), PlanChange(topic="trip", moment=now + 4 * 3600)):
        store.write(partial(plans.change, account="default", wanted=change, now=now))
    store.close()
    moved = run(still, "plan", "trip", "--moment", "+30m").stdout
    cancelled = [run(still, "plan", "trip", "--cancel").stdout.strip() for _ in range(2)]
    shown = run(still, "plan", "trip").stdout

    assert "published: moved, now" in moved
    assert "+0800" in moved.splitlines()[0]
    assert cancelled == ["the plan of trip is cancelled", "the plan of trip was already cancelled"]
    assert shown.splitlines()[0].endswith("cancelled")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("0001-01-01T00:00+08:00", "between 1970 and 2099"),
        ("9999-12-31T23:59+08:00", "between 1970 and 2099"),
        ("2020-01-01T00:00+08:00", "this has passed"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_and_nothing_is_stored(still: Stage, at: str, told: str) -> None:
    user = still.user()
    still.say(user, "hello")
    done = run(still, "send", user, "x", "--at", at)
    moved = run(still, "plan", "news", "--moment", at)

    assert (done.returncode != 0, told in done.stderr) == (True, True)
    assert still.states() == []
    if "1970" in told:
        assert told in moved.stderr
        assert still.rows("SELECT count(*) FROM plans") == [(0,)]
