"""Followers, tags, remarks, templates and agents, between the simulated platform and the store."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from flow.stage import Stage, staged
from flow.test_commands import invoke
from wxbot import wiring
from wxbot.errors import Refused
from wxbot.people.importing import Import
from wxbot.platform.followers import Followers
from wxbot.protocol.outgoing import dumps
from wxbot.reply.bot import Bot


@pytest.fixture
def stage(database: Path) -> Iterator[Stage]:
    bot = Bot()
    bot.text()(lambda message: f"echo {message.Content}")
    bot.click("K")(lambda: "clicked")
    with staged(f"sqlite:///{database}", bot, sending=False) as one:
        yield one


def told(stage: Stage, *arguments: str, status: int = 0, config: str = "") -> str:
    done: Result = invoke(stage, *arguments, **({"WXBOT_CONFIG": config} if config else {}))
    assert done.exit_code == status, done.output
    return done.output


def data(stage: Stage, *arguments: str) -> Any:
    return json.loads(told(stage, *arguments, "--json"))


def call(stage: Stage, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change something on the platform by another way than wxbot's own commands."""
    store = stage.store()
    try:
        client = wiring.client(store, stage.clock, stage.settings, "default")
        return client.call(path, dumps(body).encode())
    finally:
        store.close()


def importing(stage: Stage, *, until: int | None = None, meanwhile: Callable[[], object] = lambda: None) -> Any:
    """Import in this process; with `until` it ends as a kill would, after so many people."""
    store = stage.store()

    def stop(done: int, total: int) -> None:
        if done == until:
            raise KeyboardInterrupt
        meanwhile()

    try:
        client = wiring.client(store, stage.clock, stage.settings, "default")
        return Import(store, stage.clock, Followers(client), "default").run(stop)
    finally:
        store.close()


def known(stage: Stage) -> list[str]:
    return [row[0] for row in stage.rows("SELECT openid FROM contacts ORDER BY openid")]


def windows(stage: Stage) -> list[Any]:
    return stage.rows(
        "SELECT openid, message_left, message_until, action_left, action_until FROM contacts ORDER BY openid"
    )


def test_all_followers_are_imported_with_their_names_and_no_window_is_opened(stage: Stage) -> None:
    writer, quiet, left = stage.user(), stage.user(), stage.user()
    stage.say(writer, "hi")
    stage.act(left, "unsubscribe")
    call(stage, "/cgi-bin/user/info/updateremark", {"openid": quiet, "remark": "王经理"})
    before = {row[0]: row for row in windows(stage)}

    assert data(stage, "contacts", "import") == {"imported": 2, "total": 2, "resumed_at": 0}

    after = {row[0]: row for row in windows(stage)}
    assert after[writer] == before[writer]
    assert after[quiet] == (quiet, 0, 0, 0, 0)
    assert stage.rows(f"SELECT subscribed FROM contacts WHERE openid = '{left}'") == [(0,)]
    assert "王经理" in told(stage, "contacts")
    [shown] = data(stage, "contacts", quiet)
    assert (shown["remark"], shown["left"], shown["reachable"]) == ("王经理", 0, False)


@pytest.mark.parametrize("stopped_after", [100, 110, 140])
def test_an_import_that_was_killed_goes_on_where_it_stood(stage: Stage, stopped_after: int) -> None:
    stage.post("/sim/settings", {"page": 110})
    everybody = sorted(stage.user() for _ in range(140))
    with pytest.raises(KeyboardInterrupt):
        importing(stage, until=stopped_after)
    assert len(known(stage)) == stopped_after

    told_first = told(stage, "contacts", "import")

    assert f"going on behind the first {stopped_after} of 140" in told_first
    assert "140 followers are known" in told_first
    assert known(stage) == everybody
    assert data(stage, "contacts", "import") == {"imported": 140, "total": 140, "resumed_at": 0}


def test_an_import_goes_on_when_whom_it_stood_at_has_left(stage: Stage) -> None:
    stage.post("/sim/settings", {"page": 120})
    everybody = [stage.user() for _ in range(130)]
    with pytest.raises(KeyboardInterrupt):
        importing(stage, until=130)
    stage.rows("UPDATE imports SET done = 130 RETURNING 1")
    for gone in (119, 129):  # the page's first neighbour, and the last who was kept
        stage.act(everybody[gone], "unsubscribe")

    importing(stage)

    assert len(known(stage)) == 130
    assert stage.rows("SELECT count(*) FROM imports WHERE finished_at IS NOT NULL") == [(1,)]


def test_who_leaves_while_the_import_runs_is_not_taken_for_a_follower(stage: Stage) -> None:
    everybody = [stage.user() for _ in range(101)]
    stage.post("/sim/settings", {"webhook": "http://127.0.0.1:9/"})  # and their event never reaches us

    importing(stage, meanwhile=lambda: stage.act(everybody[-1], "unsubscribe"))

    assert known(stage) == sorted(everybody[:-1])


def test_an_import_that_the_platform_refuses_says_so_and_keeps_its_place(stage: Stage) -> None:
    for _ in range(150):
        stage.user()
    stage.fault("errcode", "/cgi-bin/user/info/batchget", 1, errcode=45009)
    with pytest.raises(Refused):
        importing(stage)
    assert known(stage) == []
    stage.fault("errcode", "/cgi-bin/user/get", 1, errcode=45009)

    assert "the platform refused it: 45009" in told(stage, "contacts", "import", status=1)
    assert "150 followers are known" in told(stage, "contacts", "import")


def test_tags_are_made_given_taken_and_brought_in(stage: Stage) -> None:
    ann, bob = stage.user(), stage.user()
    told(stage, "contacts", "import")
    assert data(stage, "tags", "create", "会员") == {"id": 100, "name": "会员"}
    assert "2 carry '会员' now" in told(stage, "tags", "add", "会员", ann, bob)
    assert "1 do not carry '会员' now" in told(stage, "tags", "remove", "100", bob)
    assert [(one["name"], one["count"]) for one in data(stage, "tags", "list")] == [("星标组", 0), ("会员", 1)]
    assert data(stage, "contacts", ann)[0]["tags"] == [100]
    assert data(stage, "contacts", bob)[0]["tags"] == []
    call(stage, "/cgi-bin/tags/members/batchtagging", {"tagid": 100, "openid_list": [bob]})
    assert data(stage, "tags", "sync") == {"changed": 1}
    assert data(stage, "contacts", bob)[0]["tags"] == [100]
    assert "there is no tag '贵宾'; there is 星标组, 会员" in told(stage, "tags", "add", "贵宾", ann, status=1)
    assert "refused it: 45157" in told(stage, "tags", "create", "会员", status=1)


def test_a_remark_is_given_on_the_platform_and_shown(stage: Stage) -> None:
    ann = stage.user()
    assert "not known here yet" in told(stage, "contacts", "remark", ann, "安")
    told(stage, "contacts", "import")
    assert "is '安妮' now" in told(stage, "contacts", "remark", ann, "安妮")
    assert data(stage, "contacts", ann)[0]["remark"] == "安妮"
    assert "at most 29" in told(stage, "contacts", "remark", ann, "字" * 30, status=2)
    assert "has no remark now" in told(stage, "contacts", "remark", ann, "")
    assert "refused it: 40003" in told(stage, "contacts", "remark", "oNobody", "x", status=1)


def kf(stage: Stage, user: str, event: str, **fields: str) -> None:
    stage.clock.advance(1)
    stage.act(user, event, **fields)


def test_the_bot_is_silent_while_a_person_speaks_with_the_user_and_comes_back(stage: Stage) -> None:
    user = stage.user()
    assert stage.say(user, "a")["reply"]["text"] == "echo a"
    kf(stage, user, "kf_create_session", kf_account="ann@x")
    silent = [stage.say(user, "b"), stage.act(user, "CLICK", event_key="K")]
    kf(stage, user, "kf_switch_session", to_kf_account="bob@x")
    silent.append(stage.say(user, "c"))
    assert [(one["reply"], one["notice"]) for one in silent] == [(None, False)] * 3
    assert data(stage, "contacts", user)[0]["agent"] == "bob@x"
    kf(stage, user, "kf_close_session", kf_account="bob@x")

    assert stage.say(user, "d")["reply"]["text"] == "echo d"
    assert stage.rows("SELECT count(*) FROM pushes") == [(8,)]
    assert data(stage, "contacts", user)[0]["left"] == 5 + 3  # what is written to a person opens the window as well


def test_a_talk_whose_end_was_missed_ends_after_a_day(stage: Stage) -> None:
    user = stage.user()
    kf(stage, user, "kf_create_session")
    stage.clock.advance(86_400)
    assert stage.say(user, "a")["reply"] is not None


def test_one_who_speaks_with_a_person_silences_the_bot_for_nobody_else(stage: Stage) -> None:
    user, other = stage.user(), stage.user()
    kf(stage, user, "kf_create_session")

    assert stage.say(other, "a")["reply"]["text"] == "echo a"


def test_who_leaves_and_comes_back_meets_the_bot(stage: Stage) -> None:
    user = stage.user()
    kf(stage, user, "kf_create_session")
    for event in ("unsubscribe", "subscribe"):
        kf(stage, user, event)

    assert stage.say(user, "a")["reply"]["text"] == "echo a"


def test_the_bot_answers_beside_a_person_when_it_is_told_to(database: Path) -> None:
    bot = Bot()
    bot.text()(lambda: "still here")
    with staged(f"sqlite:///{database}", bot, sending=False, agent_silence=False) as stage:
        user = stage.user()
        kf(stage, user, "kf_create_session")

        assert stage.say(user, "a")["reply"]["text"] == "still here"


def test_agents_are_listed_and_a_talk_is_opened_and_closed(stage: Stage) -> None:
    user = stage.user()
    assert "nobody: add people" in told(stage, "kf", "list")
    stage.post("/sim/settings", {"agents": {"ann@x": {"nick": "安"}, "bob@x": {"online": False}}})
    assert "ann@x speaks with" in told(stage, "kf", "open", user, "ann@x")
    stage.until(lambda: stage.rows("SELECT agent FROM contacts") == [("ann@x",)])
    listed = {one["kf_account"]: one for one in data(stage, "kf", "list")}
    assert (listed["ann@x"]["online"], listed["ann@x"]["talks"], listed["bob@x"]["online"]) == (True, 1, False)
    assert stage.say(user, "b")["reply"] is None
    assert "refused it: 65415" in told(stage, "kf", "open", user, "bob@x", status=1)
    stage.clock.advance(1)
    assert "the bot answers again" in told(stage, "kf", "close", user, "ann@x")
    stage.until(lambda: stage.rows("SELECT agent FROM contacts") == [("",)])


TOPICS = """
[account.topics."flight:*"]
template = { id = "T1", data = { thing1 = "{{flight}}", thing9 = "x" } }
subscription = { id = "S1", data = { thing1 = "{{flight}}" } }
fallback = ["template", "subscription"]
"""


def test_templates_are_listed_and_the_settings_compared_with_them(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "wxbot.toml").write_text(TOPICS, "utf-8")
    config = str(tmp_path / "wxbot.toml")
    assert "the account has no template T1; it has none" in told(
        stage, "templates", "check", status=2, config=config
    )
    flight = {"title": "航班提醒", "content": "航班:{{thing1.DATA}}"}
    stage.post(
        "/sim/settings",
        {"templates": [{"template_id": "T1", **flight}], "notifications": [{"priTmplId": "S1", **flight}]},
    )
    assert [(one["id"], one["fields"]) for one in data(stage, "templates", "list")] == [
        ("T1", ["thing1"]),
        ("S1", ["thing1"]),
    ]
    wrong = told(stage, "templates", "check", status=2, config=config)
    assert wrong == "topics.\"flight:*\".template: thing9 is no field of '航班提醒'; it has thing1\n"
    (tmp_path / "wxbot.toml").write_text(TOPICS.replace(', thing9 = "x"', ""), "utf-8")
    assert "2 of the settings' templates looked at, all good" in told(stage, "templates", "check", config=config)
    stage.fault("errcode", "/wxaapi/newtmpl/gettemplate", 1, errcode=48001)
    assert "航班提醒" in told(stage, "templates", "list")
