"""Conversations in the console: who is shown, what was said, and what an answer may cost."""

import pytest

from flow.console_bench import person
from flow.stage import Stage, staged, text_push
from wxbot.reply.bot import Bot

LIST = "/default/conversations"
HOURS = 3600


def place(openid: str) -> str:
    return f"{LIST}/{openid}"


def test_whose_window_closes_next_comes_first(still: Stage) -> None:
    first, second, third = (still.user() for _ in range(3))
    for openid in (second, first, third):
        still.say(openid, "hello")
        still.clock.advance(600)
    still.say(second, "again")

    page = person(still).page(LIST)

    assert page.index(first) < page.index(third) < page.index(second)


def test_who_cannot_be_answered_is_in_the_list_of_those_heard_of_last(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "hello")
    still.clock.advance(49 * HOURS)
    ann = person(still)

    assert openid not in ann.page(LIST)
    assert openid in ann.page(f"{LIST}?order=recent")


def test_who_only_clicked_can_be_answered_for_a_minute(still: Stage) -> None:
    openid = still.user()
    still.act(openid, "subscribe")
    ann = person(still)
    assert openid in ann.page(LIST)

    still.clock.advance(60)

    assert openid not in ann.page(LIST)


def test_a_list_longer_than_a_page_goes_on_and_shows_everybody_once(still: Stage) -> None:
    openids = [f"oUser{number:03d}" for number in range(120)]
    for number, openid in enumerate(openids):
        push = text_push("hello", openid=openid, msgid=number + 1, at=int(still.clock.now()))
        still.deliver(push, still.signed(nonce=str(number)))
    ann = person(still)

    for order in ("closing", "recent"):
        shown: list[str] = []
        path = f"{LIST}?order={order}"
        for _ in range(3):
            page = ann.page(path)
            shown += [openid for openid in openids if f'title="{openid}"' in page]
            path = LIST + ann.more(path)
        assert sorted(shown) == openids


def test_a_search_finds_openids_topics_and_what_was_written(still: Stage) -> None:
    ann = person(still)
    one, other = still.user(), still.user()
    still.say(one, "请问 CA1501 几点起飞")
    still.say(other, "100% sure_")

    assert one in ann.page(f"{LIST}?q={one[4:12]}")
    assert other not in ann.page(f"{LIST}?q={one[4:12]}")
    assert one in ann.page(f"{LIST}?q=几点起飞")
    assert other in ann.page(f"{LIST}?q=0% sure_")
    assert one not in ann.page(f"{LIST}?q=%")
    assert "没有找到" in ann.page(f"{LIST}?q=nobody said this")


def test_a_remark_stands_for_an_openid_can_be_searched_and_who_speaks_with_the_user_is_told(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "hello")
    still.act(openid, "kf_create_session", kf_account="ann@x")
    still.rows("UPDATE contacts SET remark = '王<经理>' RETURNING 1")
    ann = person(still)

    for page in (ann.page(LIST), ann.page(f"{LIST}?q=王<"), ann.page(place(openid))):
        assert "王&lt;经理&gt;" in page
        assert "ann@x" in page


def test_a_conversation_shows_pushes_replies_and_follow_ups_in_their_order(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "plan 2")
    stage.clock.advance(30)
    stage.until(lambda: stage.states() == ["sent", "sent"])

    text = person(stage).text(place(openid))

    order = [text.index(one) for one in ("plan 2 ", "planned", "news 0", "news 1")]
    assert order == sorted(order)
    assert text.count("已发送") == 2


def test_what_is_still_to_come_is_shown_with_when(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "late news")

    text = person(still).text(place(openid))

    assert "待发送" in text
    assert "three days later" in text
    assert "未到时间" in text


def test_an_answer_arrives_and_is_told_with_who_gave_it(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "help")
    ann = person(stage, "ann", "agent")

    answer = ann.post(place(openid), text="您好\r\n请说", nonce="1")

    assert answer.status_code == 303
    stage.until_equal(["您好\n请说"], lambda: stage.shown(openid, "custom"))
    stage.until(lambda: "ann 发送" in ann.text(place(openid)))
    assert stage.rows("SELECT name, action, openid FROM audit WHERE action = 'answer'") == [
        ("ann", "answer", openid)
    ]


def test_a_form_sent_twice_answers_once(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "help")
    ann = person(stage)

    for _ in range(2):
        assert ann.post(place(openid), text="once", nonce="the same").status_code == 303

    stage.until_equal(["once"], lambda: stage.shown(openid, "custom"))
    assert len(stage.states()) == 1


def test_an_answer_says_before_what_is_left_and_counts_what_is_queued(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "help")
    ann = person(still)
    assert "还能发 5 条" in ann.text(place(openid))

    ann.post(place(openid), text="one", nonce="1")

    assert "还能发 4 条" in ann.text(place(openid))


def test_what_the_platform_would_refuse_is_refused_here_and_nothing_is_lost(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "help")
    ann = person(still)
    for number in range(5):
        assert ann.post(place(openid), text=f"n{number}", nonce=str(number)).status_code == 303

    answer = ann.post(place(openid), text="one too many", nonce="6")

    assert answer.status_code == 422
    assert "one too many" in answer.text
    assert "窗口已关闭" in answer.text
    assert len(still.states()) == 5


@pytest.mark.parametrize(
    ("text", "why"), [("汉" * 683, "共 2049 字节"), ("  \r\n ", "内容是空的"), ("", "内容是空的")]
)
def test_a_text_that_cannot_be_sent_is_refused_in_words(still: Stage, text: str, why: str) -> None:
    openid = still.user()
    still.say(openid, "help")

    answer = person(still).post(place(openid), text=text, nonce="1")

    assert answer.status_code == 422
    assert why in answer.text
    assert still.states() == []


def test_nobody_answers_one_who_left(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "help")
    still.act(openid, "unsubscribe")

    answer = person(still).post(place(openid), text="hello?", nonce="1")

    assert answer.status_code == 422
    assert "已取消关注" in answer.text


def test_an_answer_in_doubt_is_not_sent_twice(hasty: Stage) -> None:
    openid = hasty.user()
    hasty.say(openid, "help")
    hasty.fault("hang")
    ann = person(hasty)

    ann.post(place(openid), text="once", nonce="1")

    hasty.until_equal(["doubtful"], hasty.states)
    assert "存疑" in ann.text(place(openid))


def test_an_answer_that_finds_the_window_closed_after_all_is_dropped_and_says_so(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "help")
    stage.fault("errcode", errcode=45015)
    ann = person(stage)

    ann.post(place(openid), text="too late", nonce="1")

    stage.until(lambda: stage.states() not in (["queued"], ["claimed"], ["sending"]))
    assert stage.states() in (["expired"], ["refused"], ["cancelled"])


def test_a_stranger_has_no_conversation(still: Stage) -> None:
    ann = person(still)

    assert ann.get(place("oStranger")).status_code == 404
    assert ann.post(place("oStranger"), text="hi", nonce="1").status_code == 404


def test_a_live_part_that_has_not_changed_costs_no_body(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "hello")
    ann = person(still)

    first = ann.get(LIST, **{"HX-Request": "true"})
    second = ann.get(LIST, **{"HX-Request": "true", "HX-PTag": first.headers["HX-PTag"]})

    assert first.status_code == 200
    assert openid in first.text
    assert "<html" not in first.text
    assert (second.status_code, second.text) == (304, "")


def test_an_open_conversation_is_made_anew_when_anything_of_it_changes_and_not_before(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "hello")
    ann = person(stage)
    tag = ""

    def told() -> str:
        nonlocal tag
        answer = ann.get(place(openid), **{"HX-Request": "true", "HX-PTag": tag})
        tag = answer.headers["HX-PTag"]
        return answer.text

    assert "echo hello" in told()
    assert told() == ""
    stage.say(openid, "another")
    assert "echo another" in told()
    stage.say(openid, "late news")
    assert "three days later" in told()
    assert told() == ""
    stage.clock.advance(60)
    assert "1天23小时" in told()
    ann.post(place(openid), text="an answer", nonce="1")
    stage.until_equal(["an answer"], lambda: stage.shown(openid, "custom"))
    stage.until(lambda: "已发送" in told())


def test_who_may_see_one_account_sees_no_other(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as stage:
        openid = stage.user()
        stage.say(openid, "hello")
        bob = person(stage, "bob", "agent", account="second")

        for path in (LIST, place(openid)):
            assert bob.get(path).status_code == 404
        assert bob.post(place(openid), text="hi", nonce="1").status_code == 404


def test_replies_of_safe_mode_are_shown_opened(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False, mode="safe") as stage:
        openid = stage.user()
        stage.say(openid, "hello")

        assert "echo hello" in person(stage).text(place(openid))
