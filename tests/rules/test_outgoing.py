"""Follow-ups: exact JSON, refused limits, and one line for people."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxbot.errors import InvalidMessage
from wxbot.protocol.content import (
    MAX_TEXT,
    Article,
    Content,
    Image,
    MenuItem,
    MiniProgramPage,
    MpNews,
    MpNewsArticle,
    MsgMenu,
    Music,
    News,
    Text,
    TransferCustomerService,
    Video,
    Voice,
    WxCard,
)
from wxbot.protocol.outgoing import FollowUp, dumps, message_json, request_body, summary
from wxbot.reply.context import Context

MENU = MsgMenu("满意吗?", [MenuItem("101", "是"), MenuItem("102", "否")], "谢谢")
PAGE = MiniProgramPage("航班", "wx1", "pages/i?a=1&b=2", "th")
EACH: list[tuple[Content, str, str]] = [
    (Text("你好"), '{"msgtype":"text","text":{"content":"你好"}}', "你好"),
    (Image("m1"), '{"msgtype":"image","image":{"media_id":"m1"}}', "[image] m1"),
    (Voice("m1"), '{"msgtype":"voice","voice":{"media_id":"m1"}}', "[voice] m1"),
    (
        Video("m1", "标题", "d", "th"),
        '{"msgtype":"video","video":{"media_id":"m1","title":"标题","description":"d","thumb_media_id":"th"}}',
        "[video] 标题",
    ),
    (
        Music("http://m", "http://hq", "t", "d", "th"),
        '{"msgtype":"music","music":{"musicurl":"http://m","hqmusicurl":"http://hq","title":"t","description":"d",'
        '"thumb_media_id":"th"}}',
        "[music] t",
    ),
    (
        News([Article("一", "d", "http://u?a=1&b=2", "http://p")]),
        '{"msgtype":"news","news":{"articles":[{"title":"一","description":"d","url":"http://u?a=1&b=2",'
        '"picurl":"http://p"}]}}',
        "[news] 一",
    ),
    (
        MENU,
        '{"msgtype":"msgmenu","msgmenu":{"head_content":"满意吗?","list":[{"id":"101","content":"是"},'
        '{"id":"102","content":"否"}],"tail_content":"谢谢"}}',
        "[msgmenu] 满意吗?",
    ),
    (
        MpNews("m1"),
        '{"msgtype":"mpnews","mpnews":{"media_id":"m1"}}',
        "[mpnews] m1",
    ),
    (
        MpNewsArticle("a1"),
        '{"msgtype":"mpnewsarticle","mpnewsarticle":{"article_id":"a1"}}',
        "[mpnewsarticle] a1",
    ),
    (WxCard("c1"), '{"msgtype":"wxcard","wxcard":{"card_id":"c1"}}', "[wxcard] c1"),
    (
        PAGE,
        '{"msgtype":"miniprogrampage","miniprogrampage":{"title":"航班","appid":"wx1","pagepath":"pages/i?a=1&b=2",'
        '"thumb_media_id":"th"}}',
        "[miniprogrampage] 航班",
    ),
]
CONTENTS = [content for content, _, _ in EACH]


@pytest.mark.parametrize(("content", "expected", "line"), EACH)
def test_each_type_is_exactly_the_platforms_json(content: Content, expected: str, line: str) -> None:
    assert message_json(content) == expected


@pytest.mark.parametrize(("content", "expected", "line"), EACH)
def test_the_request_is_the_stored_message_with_touser_in_front(content: Content, expected: str, line: str) -> None:
    body = request_body("oUser", message_json(content))

    assert body == b'{"touser":"oUser",' + expected[1:].encode()
    assert json.loads(body)["touser"] == "oUser"


@pytest.mark.parametrize(("content", "expected", "line"), EACH)
def test_each_type_is_summed_up_in_one_line(content: Content, expected: str, line: str) -> None:
    assert summary(expected) == line


@pytest.mark.parametrize("content", CONTENTS)
def test_a_named_agent_stands_in_lower_case_behind_the_content(content: Content) -> None:
    plain, named = message_json(content), message_json(content, kf_account="test1@test")

    assert named == plain[:-1] + ',"customservice":{"kf_account":"test1@test"}}'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<a href='http://x?a=1&b=2'>你好</a>", "<a href='http://x?a=1&b=2'>你好</a>"),
        ("一\n二", r"一\n二"),
        ("\t\r", None),
        ('"\\', r"\"\\"),
        ("/", "/"),
        ("😀𠮷🇨🇳", "😀𠮷🇨🇳"),
        ("a\u2028\u2029\x7f\x85b", "a\u2028\u2029\x7f\x85b"),
        ("a\x00\x08\x0c\x1b\ufffeb", "ab"),
        ("a\ud83d\ude00b\udfff", "ab"),
        (r"\u4f60", r"\\u4f60"),
    ],
)
def test_a_text_is_written_as_itself_with_the_fewest_escapes(text: str, written: str | None) -> None:
    if written is None:
        with pytest.raises(InvalidMessage, match="needs content"):
            Text(text)
    else:
        assert message_json(Text(text)) == f'{{"msgtype":"text","text":{{"content":"{written}"}}}}'


anything = st.text(st.characters() | st.sampled_from("\x00\x1f\x08\ud800\udfff\n\"\\<>&='😀"))


@given(anything, anything, anything)
def test_no_text_anywhere_becomes_a_u_escape_or_an_error(title: str, description: str, openid: str) -> None:
    content = News([Article("t" + title, description)])
    body = request_body(openid, message_json(content, kf_account="a@x")).decode("utf-8")

    assert not re.search(r"(?<!\\)(?:\\\\)*\\u", body)
    assert json.loads(body)["news"]["articles"][0]["title"].startswith("t")


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\ufffe\uffff")),
        st.lists,
    )
)
def test_json_without_forbidden_characters_reads_back_as_it_was(value: object) -> None:
    assert json.loads(dumps({"a": value})) == {"a": value}


@pytest.mark.parametrize("unit", ["x", "é", "好", "😀"])
def test_2047_bytes_are_a_follow_up_and_2048_are_not(unit: str) -> None:
    size = len(unit.encode())
    fitting = "x" * (MAX_TEXT % size) + unit * (MAX_TEXT // size)

    assert fitting in message_json(Text(fitting))
    with pytest.raises(InvalidMessage, match="at most 2047 bytes of UTF-8, this one has 2048"):
        message_json(Text(fitting + "x"))


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (Video("m"), "Video follow-up needs thumb_media_id"),
        (News([Article("a"), Article("b")]), "exactly 1 article, not 2"),
        (TransferCustomerService(), "TransferCustomerService cannot be a follow-up"),
    ],
)
def test_a_limit_is_told_before_anything_is_stored(content: Content, wrong: str) -> None:
    with pytest.raises(InvalidMessage, match=wrong):
        message_json(content)


@pytest.mark.parametrize("name", ["ann", "@x", "ann@", "a b@x", "longer_than@x", "ann@x@y"])
def test_what_can_be_no_customer_service_account_is_refused(name: str) -> None:
    with pytest.raises(InvalidMessage, match="prefix@wechat-id"):
        message_json(Text("x"), kf_account=name)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (Text("一\n二\r\n三\u2028四\n"), "一 ⏎ 二 ⏎ 三 ⏎ 四"),
        (Text("x" * 60), "x" * 60),
        (Text("x" * 61), "x" * 59 + "…"),
        (Video("m1", thumb_media_id="th"), "[video] m1"),
        (Music("http://m", thumb_media_id="th"), "[music] http://m"),
        (News([Article("t" * 100)]), "[news] " + "t" * 52 + "…"),
        (MsgMenu("", [MenuItem("1", "是")]), "[msgmenu] "),
    ],
)
def test_a_summary_is_one_line_of_at_most_sixty_characters(content: Content, line: str) -> None:
    assert summary(message_json(content)) == line


def test_a_summary_is_as_wide_as_asked() -> None:
    assert summary(message_json(Text("一二三四五")), width=4) == "一二三…"


def test_a_stored_message_of_a_type_without_text_is_summed_up_by_its_type() -> None:
    assert summary('{"msgtype":"of_next_year","of_next_year":{"id":"a1"}}') == "[of_next_year] "


@pytest.mark.parametrize("not_after", [1001, 1000.5, 10**12, float("inf"), None])
def test_a_follow_up_may_be_of_use_after_it_is_due(not_after: float | None) -> None:
    assert FollowUp(message="{}", due_at=1000, not_after=not_after).not_after == not_after


@pytest.mark.parametrize("not_after", [1000, 999, 0, -1, float("nan")])
def test_a_follow_up_that_is_of_no_use_when_due_is_refused(not_after: float) -> None:
    with pytest.raises(InvalidMessage, match=r"not_after \(.+\) must be later than due_at \(1000\)"):
        FollowUp(message="{}", due_at=1000, not_after=not_after)


def test_a_follow_up_waits_for_its_user_and_is_sent_again_in_doubt_unless_told_otherwise() -> None:
    plain = FollowUp(message="{}", due_at=1000)

    assert (plain.on_closed, plain.on_doubt, plain.priority, plain.lane) == ("hold", "resend", "normal", "followup")
    assert (plain.not_after, plain.key, plain.coalesce) == (None, None, None)


def test_a_handler_says_the_topic_and_the_facts_of_a_follow_up() -> None:
    ctx = Context("default", "oUser", 0.0, lambda: "{}")
    ctx.follow_up("x", topic="flight:CA1501", facts={"gate": "C23"}, on_closed="template")

    [one] = ctx.follow_ups
    assert (one.topic, json.loads(one.facts), one.on_closed) == ("flight:CA1501", {"gate": "C23"}, "template")


@pytest.mark.parametrize("wrong", [{"topic": "a b"}, {"facts": {"a b": "x"}}, {"facts": {"a": 1}}])
def test_a_topic_or_a_fact_that_cannot_be_is_refused_at_once(wrong: Any) -> None:
    ctx = Context("default", "oUser", 0.0, lambda: "{}")

    with pytest.raises(InvalidMessage):
        ctx.follow_up("x", **wrong)
