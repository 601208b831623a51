"""The outbox in the console: what is shown to whom, and what its buttons do to one, some and all."""

import pytest
import requests

from flow.console_bench import Person, person
from flow.stage import Stage, staged
from wxbot.protocol.outgoing import FollowUp, text_message
from wxbot.protocol.reaction import meaning
from wxbot.reply.bot import Bot
from wxbot.store import outbox

LIST = "/default/outbox"
ERRANDS = "/default/errands"
FAILED = "/default/pushes/failed"
HOSTILE = "<script>alert(1)</script>"


def put(
    stage: Stage, text: str = "gate C23", *, state: str = "", account: str = "default", **wanted: object
) -> int:
    """Store a follow-up, and bring it into a state."""
    store, now = stage.store(), stage.clock.now()
    new = FollowUp(**{"message": text_message(text), "due_at": now, **wanted})  # type: ignore[arg-type]
    id, _ = store.write(lambda tx: outbox.insert(tx, account, "oUser", new, origin="handler", now=now))
    if state:
        store.write(lambda tx: tx.change("UPDATE followups SET state = :state WHERE id = :id", state=state, id=id))
    store.close()
    return id


def post(one: Person, path: str, **fields: str | list[str]) -> requests.Response:
    """Post a form in which a name may stand several times."""
    form = {"csrf_token": one.token(), **fields}
    return one.session.post(one.base + path, data=form, timeout=10, allow_redirects=False)


def test_each_state_has_its_tab_with_a_count(still: Stage) -> None:
    for state in ("refused", "refused", "held", "doubtful"):
        put(still, f"this is {state}", state=state)
    ann = person(still)

    text = ann.text(f"{LIST}?state=refused")

    assert text.count("this is refused") == 2
    assert "this is held" not in text
    assert "被拒绝 2" in text
    assert "存疑 1" in text
    assert all(f"this is {state}" in ann.text(LIST) for state in ("refused", "held", "doubtful"))


def test_a_state_that_is_none_is_no_page(still: Stage) -> None:
    assert person(still).get(f"{LIST}?state=lost").status_code == 404


def test_a_topic_leaves_out_all_others(still: Stage) -> None:
    put(still, "of one", topic="flight:1")
    put(still, "of two", topic="flight:2")

    text = person(still).text(f"{LIST}?topic=flight:1")

    assert "of one" in text
    assert "of two" not in text


def test_a_list_longer_than_a_page_goes_on_and_shows_each_once(still: Stage) -> None:
    for number in range(120):
        put(still, f"n{number};", state="held")
    ann, path, shown = person(still), f"{LIST}?state=held", []

    while path:
        page = ann.page(path)
        shown += [number for number in range(120) if f"n{number};" in page]
        more = page.split("更多</a>")[0].rsplit('href="', 1)[1].split('"')[0] if "更多</a>" in page else ""
        path = more.replace("&amp;", "&").removeprefix("/console")

    assert sorted(shown) == list(range(120))


def test_a_refusal_is_told_in_the_language_of_the_page(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "hi")
    stage.fault("errcode", errcode=40003)
    stage.say(openid, "plan 1")
    stage.clock.advance(1)
    stage.until_equal(["refused"], stage.states)
    ann = person(stage)

    assert "40003 OpenID 无效" in ann.text(LIST)
    ann.get("/default/outbox?language=en")

    assert "40003 no such follower" in ann.text(LIST)


def test_a_reason_of_ours_is_told_in_the_language_of_the_page(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "late news")
    stage.clock.advance(3 * 86_400)
    stage.until_equal(["held"], stage.states)

    assert "窗口已关闭，等用户再发消息" in person(stage).text(LIST)


def test_another_try_delivers_it_and_is_noted(stage: Stage) -> None:
    openid = stage.user()
    stage.fault("errcode", errcode=40008)
    stage.say(openid, "plan 1")
    stage.clock.advance(1)
    stage.until_equal(["refused"], stage.states)
    ann = person(stage, "ann", "operator")

    answer = post(ann, f"{LIST}?state=refused", retry="1")

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/console{LIST}?state=refused"
    assert "已重新排队 1 条" in ann.text(LIST)
    stage.until_equal(["sent"], stage.states)
    noted = "SELECT name, action, openid, target FROM audit WHERE action = 'retry'"
    assert stage.rows(noted) == [("ann", "retry", openid, "1")]


def test_what_is_not_due_yet_is_sent_now(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "late news")

    post(person(stage), f"{LIST}?state=scheduled", send_now="1")

    stage.until_equal(["three days later"], lambda: stage.shown(openid, "custom"))


def test_those_that_are_selected_are_cancelled_and_no_others(still: Stage) -> None:
    for _ in range(3):
        put(still, state="held")
    ann = person(still)

    answer = post(ann, f"{LIST}?state=held", selected="cancel", id=["1", "3"])

    assert answer.status_code == 303
    assert still.states() == ["cancelled", "held", "cancelled"]
    assert "已取消 2 条" in ann.text(LIST)


def test_a_button_of_one_row_leaves_those_that_are_selected(still: Stage) -> None:
    for _ in range(2):
        put(still, state="held")

    post(person(still), LIST, cancel="2", id=["1"])

    assert still.states() == ["held", "cancelled"]


def test_what_was_sent_meanwhile_stays_and_is_said(still: Stage) -> None:
    put(still, state="sent")
    ann = person(still)

    post(ann, LIST, selected="retry", id=["1", "99"])

    assert still.states() == ["sent"]
    assert "2 条未改变" in ann.text(LIST)
    assert still.rows("SELECT action FROM audit WHERE action = 'retry'") == []


@pytest.mark.parametrize("id", [[], ["one"], ["9" * 30]])
def test_nothing_selected_is_told_in_words(still: Stage, id: list[str]) -> None:
    answer = post(person(still), LIST, selected="retry", id=id)

    assert answer.status_code == 422
    assert "没有选择任何一条" in answer.text


@pytest.mark.parametrize("path", [LIST, f"{LIST}/1", ERRANDS + "?state=sent", ERRANDS + "?state=refused"])
def test_what_cannot_be_done_is_no_form_of_ours(still: Stage, path: str) -> None:
    put(still, state="refused")

    assert post(person(still), path, all="destroy", selected="destroy", id="1").status_code == 400
    assert still.states() == ["refused"]


def test_all_of_a_state_are_done_by_a_sender_with_its_progress_on_the_page(stage: Stage) -> None:
    for number in range(130):
        put(stage, f"n{number}", due_at=stage.clock.now() + 86_400, topic="news" if number % 2 else None)
    ann = person(stage, "ann", "operator")

    answer = post(ann, ERRANDS + "?state=scheduled&topic=news", all="cancel")

    assert answer.status_code == 303
    stage.until_equal(["done"], lambda: [row[0] for row in stage.rows("SELECT status FROM errands")])
    assert stage.states() == ["scheduled", "cancelled"] * 65
    assert "已检查 130 / 130，已处理 65" in ann.text(LIST)
    assert stage.rows("SELECT name, details FROM audit WHERE action = 'errand'") == [
        ("ann", "cancel scheduled news")
    ]


def test_an_errand_is_not_begun_twice_and_can_be_stopped(still: Stage) -> None:
    put(still, state="refused")
    ann = person(still)

    for _ in range(2):
        assert post(ann, ERRANDS + "?state=refused", all="retry").status_code == 303
    assert still.rows("SELECT status FROM errands") == [("running",)]
    post(ann, ERRANDS + "/stop", stop="1")

    assert still.rows("SELECT status FROM errands") == [("stopped",)]
    assert "已停止" in ann.text(LIST)


def test_an_agent_works_on_no_outbox_but_may_look_at_one_follow_up(still: Stage) -> None:
    put(still, state="refused")
    bob = person(still, "bob", "agent")

    assert bob.get(LIST).status_code == 403
    assert bob.get(FAILED).status_code == 403
    for path, fields in ((LIST, {"retry": "1"}), (f"{LIST}/1", {"retry": "1"}), (FAILED, {"replay": "1"}),
                         (ERRANDS + "?state=refused", {"all": "retry"}),
                         (ERRANDS + "/stop", {"stop": "1"})):  # fmt: skip
        assert bob.post(path, **fields).status_code == 403
    assert bob.get(f"{LIST}/1").status_code == 200
    assert 'name="retry"' not in bob.page(f"{LIST}/1")
    assert 'name="retry"' in person(still, "ann", "operator").page(f"{LIST}/1")
    assert still.states() == ["refused"]


def test_a_form_without_its_token_does_nothing(still: Stage) -> None:
    put(still, state="refused")
    ann = person(still)

    for path in (LIST, f"{LIST}/1", FAILED, ERRANDS + "?state=refused", ERRANDS + "/stop"):
        form = {"retry": "1", "all": "retry", "replay": "1", "stop": "1"}
        assert ann.session.post(ann.base + path, data=form, timeout=10).status_code == 400
    assert still.states() == ["refused"]
    assert still.rows("SELECT id FROM errands") == []


def test_another_accounts_rows_are_neither_shown_nor_changed(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as stage:
        put(stage, "not theirs", account="second", state="refused")
        ann, bob = person(stage), person(stage, "bob", "operator", account="second")

        assert "not theirs" not in ann.page(LIST)
        assert ann.get(f"{LIST}/1").status_code == 404
        post(ann, LIST, retry="1")
        assert bob.get(LIST).status_code == 404
        assert post(bob, LIST, retry="1").status_code == 404
        assert stage.states() == ["refused"]


def test_an_account_that_is_none_has_no_pages(still: Stage) -> None:
    ann = person(still)

    for path in ("/nobody/outbox", "/nobody/conversations", "/nobody/pushes/failed"):
        assert ann.get(path).status_code == 404


def test_one_follow_up_tells_all_that_happened_and_in_both_languages_why(stage: Stage) -> None:
    openid = stage.user()
    stage.fault("errcode", errcode=45047)
    stage.say(openid, "plan 1")
    stage.clock.advance(1)
    stage.until_equal(["held"], stage.states)
    ann = person(stage)

    text = ann.text(f"{LIST}/1").partition("经过")[2]

    order = [text.index(each) for each in ("由机器人产生", "已取出", "当时：消息窗口还剩 5 条", "45047")]
    assert order == sorted(order)
    assert "rid" in text
    ann.get(f"{LIST}?language=en")
    english = ann.text(f"{LIST}/1").partition("What happened")[2]
    assert "wanted by handler" in english
    known = meaning(45047)
    assert text.index(known.zh) < text.rindex(known.en)
    assert english.index(known.en) < english.rindex(known.zh)


def test_a_conversation_leads_to_its_follow_ups(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "plan 1")
    stage.clock.advance(1)
    stage.until_equal(["sent"], stage.states)

    assert f'href="/console{LIST}/1"' in person(stage).page(f"/default/conversations/{openid}")


def test_a_follow_up_that_is_none_has_no_page(still: Stage) -> None:
    ann = person(still)

    for id in ("1", "0", str(2**63), "x"):
        assert ann.get(f"{LIST}/{id}").status_code == 404


def test_a_failed_push_is_shown_with_its_error_and_handled_again(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "boom")
    still.until(lambda: still.rows("SELECT id FROM pushes WHERE state = 'failed'"))
    [(id,)] = still.rows("SELECT id FROM pushes WHERE state = 'failed'")
    ann = person(still, "ann", "operator")
    assert "a bug in a handler" in ann.text(FAILED)

    assert ann.post(FAILED, replay=str(id)).status_code == 303

    assert still.rows("SELECT id FROM pushes WHERE state = 'failed'") == []
    assert "正在重新处理" in ann.text(FAILED)
    assert still.rows("SELECT name, openid, target FROM audit WHERE action = 'replay'") == [
        ("ann", openid, str(id))
    ]
    ann.post(FAILED, replay=str(id))
    assert "它已不是失败状态" in ann.text(FAILED)


def test_hostile_texts_stand_as_they_were_written(still: Stage) -> None:
    openid = still.user()
    still.say(openid, HOSTILE)
    id = put(still, HOSTILE, state="refused", key=HOSTILE, coalesce=HOSTILE)
    store = still.store()
    change = "UPDATE followups SET reason = :text WHERE id = :id"
    store.write(lambda tx: tx.change(change, text=HOSTILE, id=id))
    store.write(lambda tx: tx.change("UPDATE pushes SET state = 'failed', error = :text", text=HOSTILE))
    store.close()
    ann = person(still)

    for path in (LIST, f"{LIST}?topic={HOSTILE}&state=refused", f"{LIST}/{id}", FAILED):
        page = ann.page(path)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
