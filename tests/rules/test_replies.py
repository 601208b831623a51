"""Passive replies: exact bytes, and what of an answer has to follow later."""

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
from wxbot.protocol.inbound import typed
from wxbot.protocol.messages import Push
from wxbot.protocol.replies import NO_REPLY, passive_and_rest, reply_xml
from wxbot.protocol.wire import parse, printable

HEAD = (
    "<xml><ToUserName><![CDATA[oUser]]></ToUserName><FromUserName><![CDATA[gh_us]]></FromUserName>"
    "<CreateTime>1460541339</CreateTime>"
)


def push(msgtype: str = "text", name: str = "") -> Push:
    return typed(
        {"ToUserName": "gh_us", "FromUserName": "oUser", "CreateTime": "1", "MsgType": msgtype, "Event": name}
    )


MESSAGE, CLICK, LEFT = push(), push("event", "CLICK"), push("event", "unsubscribe")
TWO_ARTICLES = News([Article("一", "d1", "http://u/1", "http://p/1"), Article("二")])
FIRST_ITEM = (
    "<item><Title><![CDATA[一]]></Title><Description><![CDATA[d1]]></Description>"
    "<PicUrl><![CDATA[http://p/1]]></PicUrl><Url><![CDATA[http://u/1]]></Url></item>"
)
SECOND_ITEM = (
    "<item><Title><![CDATA[二]]></Title><Description><![CDATA[]]></Description>"
    "<PicUrl><![CDATA[]]></PicUrl><Url><![CDATA[]]></Url></item>"
)
MENU = MsgMenu("满意吗?", [MenuItem("1", "是")])
PAGE = MiniProgramPage("t", "wx1", "p", "m")


def inner(content: Content, to: Push = MESSAGE) -> str:
    """Return a reply's XML after the three elements that all replies begin with."""
    xml = reply_xml(content, to, 1_460_541_339).decode()
    assert xml.startswith(HEAD)
    return xml.removeprefix(HEAD).removesuffix("</xml>")


def test_a_text_reply_is_exactly_the_platforms_xml() -> None:
    assert reply_xml(Text("你好"), MESSAGE, 1_460_541_339) == (
        HEAD + "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content></xml>"
    ).encode("utf-8")


@pytest.mark.parametrize(
    ("content", "xml"),
    [
        (Image("m1"), "<MsgType><![CDATA[image]]></MsgType><Image><MediaId><![CDATA[m1]]></MediaId></Image>"),
        (Voice("m1"), "<MsgType><![CDATA[voice]]></MsgType><Voice><MediaId><![CDATA[m1]]></MediaId></Voice>"),
        (
            Video("m1", "t", "d", "thumb is for follow-ups"),
            "<MsgType><![CDATA[video]]></MsgType><Video><MediaId><![CDATA[m1]]></MediaId>"
            "<Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description></Video>",
        ),
        (Video("m1"), "<MsgType><![CDATA[video]]></MsgType><Video><MediaId><![CDATA[m1]]></MediaId></Video>"),
        (
            Music("http://m", "http://hq", "t", "d", "th"),
            "<MsgType><![CDATA[music]]></MsgType><Music><Title><![CDATA[t]]></Title>"
            "<Description><![CDATA[d]]></Description><MusicUrl><![CDATA[http://m]]></MusicUrl>"
            "<HQMusicUrl><![CDATA[http://hq]]></HQMusicUrl><ThumbMediaId><![CDATA[th]]></ThumbMediaId></Music>",
        ),
        (
            TransferCustomerService(),
            "<MsgType><![CDATA[transfer_customer_service]]></MsgType>",
        ),
        (
            TransferCustomerService("test1@test"),
            "<MsgType><![CDATA[transfer_customer_service]]></MsgType>"
            "<TransInfo><KfAccount><![CDATA[test1@test]]></KfAccount></TransInfo>",
        ),
    ],
)
def test_each_other_type_is_exactly_the_platforms_xml(content: Content, xml: str) -> None:
    assert inner(content) == xml


def test_a_news_in_answer_to_a_message_has_the_first_article_alone() -> None:
    assert inner(TWO_ARTICLES, MESSAGE) == (
        f"<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles>{FIRST_ITEM}</Articles>"
    )


def test_a_news_in_answer_to_an_event_has_all_its_articles() -> None:
    assert inner(TWO_ARTICLES, CLICK) == (
        "<MsgType><![CDATA[news]]></MsgType><ArticleCount>2</ArticleCount>"
        f"<Articles>{FIRST_ITEM}{SECOND_ITEM}</Articles>"
    )


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ('<a href="http://x?a=1&b=2">&lt;</a>', '<a href="http://x?a=1&b=2">&lt;</a>'),
        ("a]]>b", "a]]]]><![CDATA[>b"),
        ("]]>]]>", "]]]]><![CDATA[>]]]]><![CDATA[>"),
        ("]]]]>>", "]]]]]]><![CDATA[>>"),
        ("]\x00]\x08>", "]]]]><![CDATA[>"),
        ("👨‍👩‍👧 🇨🇳 𠮷", "👨‍👩‍👧 🇨🇳 𠮷"),
        ("a\x00\x0b\x1f\ufffe\uffffb", "ab"),
        ("a\ud83d\ude00b\udfff", "ab"),
        ("行1\n行2\t{0} %s {x}", "行1\n行2\t{0} %s {x}"),
    ],
)
def test_a_text_is_kept_raw_in_cdata_that_it_cannot_end(said: str, written: str) -> None:
    assert inner(Text(said)) == f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{written}]]></Content>"


@pytest.mark.parametrize("content", [Image("\ud800m"), Article("\ud800t"), TransferCustomerService("\ud800t@t")])
def test_a_lone_surrogate_anywhere_raises_nothing(content: Content | Article) -> None:
    said = News([content]) if isinstance(content, Article) else content

    assert "\ud800" not in reply_xml(said, MESSAGE, 1).decode()


@pytest.mark.parametrize("unit", ["x", "é", "好", "😀"])
def test_2047_bytes_are_a_reply_and_2048_are_not(unit: str) -> None:
    size = len(unit.encode())
    fitting = "x" * (MAX_TEXT % size) + unit * (MAX_TEXT // size)

    assert fitting in inner(Text(fitting))
    with pytest.raises(InvalidMessage, match="2047 bytes"):
        reply_xml(Text(fitting + "x"), MESSAGE, 1)


def test_the_limit_counts_the_text_and_not_its_cdata() -> None:
    text = "]]>" * 682

    assert parse(reply_xml(Text(text), MESSAGE, 1))["Content"] == text


@pytest.mark.parametrize("content", [MENU, PAGE])
def test_what_exists_as_a_follow_up_only_is_refused_as_a_reply(content: Content) -> None:
    with pytest.raises(InvalidMessage, match=f"{type(content).__name__} cannot be a passive reply"):
        reply_xml(content, MESSAGE, 1)


def test_no_reply_is_the_word_success() -> None:
    assert NO_REPLY == b"success"


@given(
    st.text(st.characters() | st.sampled_from("]>]>\x00\ud800<&"), max_size=600).filter(
        lambda said: bool(printable(said).strip())
    )
)
def test_the_user_reads_what_was_said_but_for_line_ends_and_forbidden_characters(said: str) -> None:
    text = printable(said).replace("\r\n", "\n").replace("\r", "\n")

    assert parse(reply_xml(Text(said), MESSAGE, 1))["Content"] == text


@given(st.text(), st.text(), st.text(min_size=1).filter(lambda title: bool(printable(title).strip())))
def test_any_article_is_readable_xml(description: str, url: str, title: str) -> None:
    fields = parse(reply_xml(News([Article(title, description, url)]), MESSAGE, 1))

    assert fields["ArticleCount"] == "1"
    assert isinstance(fields["Articles"], dict)


def test_silence_has_neither_reply_nor_rest() -> None:
    assert passive_and_rest(None, MESSAGE) == (None, [])


@pytest.mark.parametrize("said", [Text("x"), Text("x" * MAX_TEXT), MENU, PAGE, Image("m"), None])
def test_nothing_at_all_is_said_to_a_user_who_left(said: Content | None) -> None:
    assert passive_and_rest(said, LEFT) == (None, [])


@pytest.mark.parametrize("to", [MESSAGE, CLICK])
@pytest.mark.parametrize("said", [MENU, PAGE, MpNews("m"), MpNewsArticle("a"), WxCard("c")])
def test_a_menu_or_a_page_follows_and_the_push_gets_no_reply(said: Content, to: Push) -> None:
    assert passive_and_rest(said, to) == (None, [said])


@pytest.mark.parametrize(
    "said",
    [
        *(
            Text("x"),
            Text("x" * MAX_TEXT),
            Text(" \n好 "),
            Image("m"),
            Voice("m"),
            Video("m"),
            Music("u", thumb_media_id="th"),
        ),
        *(News([Article("t")]), TransferCustomerService(), TransferCustomerService("a@b")),
    ],
)
@pytest.mark.parametrize("to", [MESSAGE, CLICK])
def test_what_fits_a_reply_is_the_reply_and_nothing_follows(said: Content, to: Push) -> None:
    assert passive_and_rest(said, to) == (said, [])


def test_a_long_text_goes_on_in_follow_ups() -> None:
    said = Text("一" * 682 + "二" * 682 + "三")

    assert passive_and_rest(said, MESSAGE) == (Text("一" * 682), [Text("二" * 682), Text("三")])


def test_of_several_articles_the_first_answers_a_message_and_none_follows() -> None:
    assert passive_and_rest(TWO_ARTICLES, MESSAGE) == (News(TWO_ARTICLES.articles[:1]), [])


def test_several_articles_all_answer_an_event() -> None:
    assert passive_and_rest(TWO_ARTICLES, CLICK) == (TWO_ARTICLES, [])


@given(st.text(min_size=1, max_size=50).filter(lambda said: bool(printable(said).strip())), st.integers(1, 2000))
def test_whatever_is_said_the_reply_can_be_written_and_every_part_fits(said: str, times: int) -> None:
    passive, rest = passive_and_rest(Text(said * times), MESSAGE)

    assert passive is not None
    for part in [passive, *rest]:
        assert reply_xml(part, MESSAGE, 1)
