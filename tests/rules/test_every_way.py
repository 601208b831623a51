"""Each kind of content can be said by bot, rules file, push API and command, and the platform takes it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import TypeAdapter, ValidationError

from rules.rules_bench import ask, bot_of, text
from rules.test_rules_file import rule
from wxbot.cli.said import MessageJson
from wxbot.errors import InvalidMessage, RulesError
from wxbot.protocol.content import (
    Article,
    Content,
    FollowUpOnly,
    Image,
    MenuItem,
    MiniProgramPage,
    MpNews,
    MpNewsArticle,
    MsgMenu,
    Music,
    News,
    Passive,
    Text,
    TransferCustomerService,
    Video,
    Voice,
    WxCard,
)
from wxbot.protocol.inbound import typed
from wxbot.protocol.outgoing import message_json
from wxbot.protocol.replies import reply_xml
from wxbot.simulator import custom, replies
from wxbot.web.api_content import Message

FOLLOW_UPS: list[Content] = [
    Text('换行\n和 <a href="https://example.com/?a=1&b=2">链接</a> 😀'),
    Image("MEDIA"),
    Voice("MEDIA"),
    Video("MEDIA", "标题", "描述", "THUMB"),
    Music("https://example.com/m.mp3", "https://example.com/hq.mp3", "标题", "描述", "THUMB"),
    News([Article("标题", "描述", "https://example.com/", "https://example.com/p.png")]),
    MsgMenu("满意吗?", [MenuItem("1", "满意"), MenuItem("2", "不满意")], "谢谢"),
    MiniProgramPage("标题", "wx0123456789abcdef", "pages/index", "THUMB"),
    MpNews("MEDIA"),
    MpNewsArticle("ARTICLE"),
    WxCard("CARD"),
]
TRANSFER = TransferCustomerService("ann@x")
PASSIVE = [one for one in [*FOLLOW_UPS, TRANSFER] if isinstance(one, Passive)]
EACH = pytest.mark.parametrize("content", FOLLOW_UPS, ids=lambda one: type(one).__name__)
API: TypeAdapter[Any] = TypeAdapter(Message)


def spelled(content: Content) -> dict[str, Any]:
    """Return a content as the push API and the command are given it."""
    return {"type": json.loads(message_json(content))["msgtype"], **asdict(content)}


def toml(value: Any) -> str:
    """Return a value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def test_no_kind_of_content_is_left_out_here() -> None:
    assert {type(one) for one in [*FOLLOW_UPS, TRANSFER]} == set(get_args(Passive) + get_args(FollowUpOnly))


@EACH
def test_a_content_comes_out_of_every_way_the_same(content: Content, tmp_path: Path) -> None:
    fields = spelled(content)
    bot = bot_of(tmp_path, rule("text = 'a'", f"[[rule.follow_up]]\ncontent = {toml(fields)}"))
    file = tmp_path / "message.json"
    file.write_text(json.dumps(fields), "utf-8")

    assert API.validate_python(fields).made() == content
    assert MessageJson().convert(json.dumps(fields), None, None) == content
    assert MessageJson().convert(f"@{file}", None, None) == content
    [follow_up] = ask(bot, text("a")).follow_ups
    assert follow_up.message == message_json(content)


@EACH
def test_the_platform_takes_what_is_made_of_a_content(content: Content) -> None:
    message = json.loads(message_json(content, kf_account="ann@x"))

    assert custom.shown_text(message, lambda media_id: media_id in ("MEDIA", "THUMB"))


@EACH
def test_a_content_without_one_of_its_needs_is_refused_by_every_way(content: Content, tmp_path: Path) -> None:
    fields = spelled(content)
    need = next(name for name in ("content", "media_id", "musicurl", "articles", "list", "title", "article_id",
                                  "card_id") if name in fields)  # fmt: skip
    blank = {**fields, need: [] if isinstance(fields[need], list) else " "}

    with pytest.raises(InvalidMessage):
        type(content)(**{name: value for name, value in blank.items() if name != "type"})
    with pytest.raises(ValidationError):
        API.validate_python(blank)
    with pytest.raises(click.BadParameter, match=need):
        MessageJson().convert(json.dumps(blank), None, None)
    with pytest.raises(RulesError, match=r"rules\.toml:\d+: "):
        bot_of(tmp_path, rule("text = 'a'", f"[[rule.follow_up]]\ncontent = {toml(blank)}"))


@pytest.mark.parametrize("content", PASSIVE, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("push", [{"MsgType": "text", "MsgId": "1"}, {"MsgType": "event", "Event": "subscribe"}])
def test_the_platform_takes_every_passive_reply(content: Content, push: dict[str, str]) -> None:
    pushed = typed({"ToUserName": "gh_1", "FromUserName": "oUser", "CreateTime": "1", **push})

    shown = replies.read(reply_xml(content, pushed, 2), "oUser", to_event=push["MsgType"] == "event")

    assert shown is not None
    assert shown.type in ("transfer_customer_service", json.loads(_follow_up(content))["msgtype"])


def _follow_up(content: Content) -> str:
    return '{"msgtype":""}' if isinstance(content, TransferCustomerService) else message_json(content)


def test_a_link_is_for_mini_programs_and_refused_before_the_platform_does(tmp_path: Path) -> None:
    link = {"type": "link", "title": "t", "description": "d", "url": "u", "thumb_url": "p"}

    with pytest.raises(ValidationError, match="link"):
        API.validate_python(link)
    with pytest.raises(RulesError, match="link"):
        bot_of(tmp_path, rule("text = 'a'", f"reply = {toml(link)}"))


@pytest.mark.parametrize("name", ["ann", "longer_than_10@x"])
def test_a_wrong_kf_account_of_a_rule_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"rules\.toml:\d+: .*kf_account"):
        bot_of(tmp_path, rule("text = 'a'", f"[[rule.follow_up]]\ntext = 'x'\nkf_account = '{name}'"))
