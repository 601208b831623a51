"""Customer-service messages: what makes one acceptable, and how it looks on the phone.

Pure rules. Each check returns the text for the phone or raises ApiRefusal with the platform's
code. Source: docs/platform.md §5.
"""

from collections.abc import Callable
from typing import Any

from wxbot.simulator.errcodes import ApiRefusal
from wxbot.simulator.posted import text_of

TEXT_BYTES = 2048  # UTF-8

Usable = Callable[[object], bool]  # whether a media id may be used


def shown_text(body: dict[str, Any], is_usable: Usable) -> str:
    """Return what the phone shows for this message; raises ApiRefusal when it is not acceptable."""
    kind = body.get("msgtype")
    if not isinstance(kind, str) or kind not in _CHECKS:
        raise ApiRefusal(45050 if kind == "link" else 40008)
    inner = body.get(kind)
    if not isinstance(inner, dict):
        raise ApiRefusal(44004 if kind == "text" else 47001)
    agent = body.get("customservice")
    if agent is not None and "@" not in text_of(agent.get("kf_account") if isinstance(agent, dict) else ""):
        raise ApiRefusal(61452)
    return _CHECKS[kind](inner, is_usable)


def _text(inner: dict[str, Any], _: Usable) -> str:
    content = text_of(inner.get("content"))
    if not content:
        raise ApiRefusal(44004)
    if len(content.encode("utf-8", "surrogatepass")) > TEXT_BYTES:
        raise ApiRefusal(45002)
    return content


def _media(label: str) -> Callable[[dict[str, Any], Usable], str]:
    def check(inner: dict[str, Any], is_usable: Usable) -> str:
        if not inner.get("media_id"):
            raise ApiRefusal(41006)
        _require_media(inner, "media_id", is_usable)
        return f"[{label}]"

    return check


def _video(inner: dict[str, Any], is_usable: Usable) -> str:
    if not inner.get("media_id"):
        raise ApiRefusal(41006)
    _require_media(inner, "media_id", is_usable)
    if inner.get("thumb_media_id"):  # widely used SDKs leave it out, and are served
        _require_media(inner, "thumb_media_id", is_usable)
    return _joined("[视频]", inner.get("title"), inner.get("description"))


def _music(inner: dict[str, Any], is_usable: Usable) -> str:
    _require_media(inner, "thumb_media_id", is_usable)
    return _joined("[音乐]", inner.get("title"), inner.get("description"), inner.get("musicurl"))


def _news(inner: dict[str, Any], _: Usable) -> str:
    articles = inner.get("articles")
    if not isinstance(articles, list):
        raise ApiRefusal(45162)
    if not articles:
        raise ApiRefusal(44003)
    if len(articles) > 1:
        raise ApiRefusal(45008)
    if not isinstance(articles[0], dict):
        raise ApiRefusal(47001)
    return _joined("[图文]", articles[0].get("title"), articles[0].get("description"), articles[0].get("url"))


def _article(inner: dict[str, Any], _: Usable) -> str:
    if not text_of(inner.get("article_id")):
        raise ApiRefusal(47003)
    return f"[图文] {inner['article_id']}"


def _menu(inner: dict[str, Any], _: Usable) -> str:
    choices = inner.get("list")
    if not isinstance(choices, list) or not choices or not all(isinstance(one, dict) for one in choices):
        raise ApiRefusal(40035)
    if not all(text_of(one.get("content")) for one in choices):
        raise ApiRefusal(40035)
    lines = [inner.get("head_content"), *(one["content"] for one in choices), inner.get("tail_content")]
    return "\n".join(line for line in lines if isinstance(line, str) and line)


def _card(inner: dict[str, Any], _: Usable) -> str:
    if not text_of(inner.get("card_id")):
        raise ApiRefusal(40073)
    return "[卡券]"


def _mini_program(inner: dict[str, Any], is_usable: Usable) -> str:
    if not text_of(inner.get("appid")):
        raise ApiRefusal(40166)
    if not text_of(inner.get("pagepath")):
        raise ApiRefusal(40165)
    _require_media(inner, "thumb_media_id", is_usable)
    return _joined("[小程序]", inner.get("title"))


def _require_media(inner: dict[str, Any], name: str, is_usable: Usable) -> None:
    if not is_usable(inner.get(name)):
        raise ApiRefusal(40007)


def _joined(*parts: object) -> str:
    return " ".join(part for part in parts if isinstance(part, str) and part)


_CHECKS: dict[str, Callable[[dict[str, Any], Usable], str]] = {
    "text": _text,
    "image": _media("图片"),
    "voice": _media("语音"),
    "video": _video,
    "music": _music,
    "news": _news,
    "mpnews": _media("图文"),
    "mpnewsarticle": _article,
    "msgmenu": _menu,
    "wxcard": _card,
    "miniprogrampage": _mini_program,
}
