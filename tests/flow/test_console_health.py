"""The health page: what is wrong comes first, and what to do about it."""

import pytest

from flow.console_bench import person
from flow.stage import Stage, staged
from flow.test_console_hostile import harmful
from flow.test_console_topics import write
from wxbot.reply.bot import Bot
from wxbot.store import counts, gates, tokens
from wxbot.store.engine import Transaction
from wxbot.store.gates import Gate, Interface
from wxbot.store.revision import REVISION

PAGE = "/default/health"


def test_all_is_well_where_a_sender_works(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "plan 1")
    stage.clock.advance(30)
    stage.until_equal(["sent"], stage.states)
    ann = person(stage, role="agent")

    stage.until(lambda: "一切正常" in ann.text(PAGE))
    text = ann.text(PAGE)
    [(token,)] = stage.rows("SELECT token FROM tokens")
    assert "有效至" in text
    assert token
    assert token not in ann.page(PAGE)
    assert "sender" in text
    assert "运行中" in text
    assert REVISION in text


def test_without_a_sender_that_comes_first(still: Stage) -> None:
    text = person(still).text(PAGE)

    assert text.index("没有发送进程") < text.index("接口")
    assert "wxbot sender" in text


def test_a_sender_that_has_fallen_silent_is_not_alive(stage: Stage) -> None:
    ann = person(stage)
    stage.until(lambda: "没有发送进程" not in ann.text(PAGE))

    stage.clock.advance(60)

    assert "没有发送进程" in ann.text(PAGE)
    assert "最后出现" in ann.text(PAGE)


@pytest.mark.parametrize(
    ("interface", "errcode", "told"),
    [
        ("send", 45009, "暂停发送"),
        ("token", 40164, "拿不到 access_token"),
        ("template", 45009, "模板消息暂停"),
        ("subscription", 45009, "订阅通知暂停"),
    ],
)
def test_a_closed_gate_is_told_with_its_meaning(
    still: Stage, interface: Interface, errcode: int, told: str
) -> None:
    now = still.clock.now()
    gate = Gate(interface, now + 600, errcode, f"{errcode} reason", now, now + 900)
    write(still, lambda tx: gates.close(tx, "default", gate))
    ann = person(still)

    assert told in ann.text(PAGE)
    assert "每 15 分钟" in ann.text(PAGE)
    still.clock.advance(601)
    assert told not in ann.text(PAGE)


def test_what_waits_too_long_is_told_unless_a_gate_says_why(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "plan 1")
    ann = person(still)
    assert "在等发送进程" not in ann.text(PAGE)
    still.clock.advance(120)
    assert "最久的已等 1分钟" in ann.text(PAGE)

    now = still.clock.now()
    write(still, lambda tx: gates.close(tx, "default", Gate("send", now + 60, 45009, "why", now)))

    assert "在等发送进程" not in ann.text(PAGE)


def test_what_is_in_doubt_and_what_failed_is_told_with_where_to_look(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "plan 1")

    def work(tx: Transaction) -> None:
        tx.change("UPDATE followups SET state = 'doubtful'")
        counts.add(tx, "default", still.clock.now(), "failed", 3)
        counts.add(tx, "default", still.clock.now() - 2 * 86_400, "failed", 100)

    write(still, work)
    ann, bob = person(still), person(still, "bob", "agent")

    assert "1 条后续消息不确定是否送达" in ann.text(PAGE)
    assert "处理出错 3 次" in ann.text(PAGE)
    assert "/console/default/outbox?state=doubtful" in ann.page(PAGE)
    assert "/default/outbox" not in bob.page(PAGE)


def test_errcodes_are_explained_in_both_languages(still: Stage) -> None:
    def work(tx: Transaction) -> None:
        counts.add(tx, "default", still.clock.now(), "errcode:45015", 2)
        counts.add(tx, "default", still.clock.now(), "errcode:40003", 9)

    write(still, work)

    page = person(still).page(PAGE)

    assert page.index("40003") < page.index("45015")
    assert 'lang="zh"' in page
    assert 'lang="en"' in page
    assert harmful(page) == []


def test_a_token_that_is_over_is_no_trouble(still: Stage) -> None:
    now = still.clock.now()

    def work(tx: Transaction) -> None:
        tokens.read(tx, "default")
        tx.change("INSERT INTO tokens (account, token, expires_at, fetched_at) VALUES ('default', 'secret', 5, 1)")

    write(still, work)
    text = person(still).text(PAGE)

    assert now > 5
    assert "已过期，自" in text
    assert "secret" not in text


def test_another_account_is_not_shown(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as stage:
        assert person(stage, "bob", "agent", account="second").get(PAGE).status_code == 404
