"""Reading a bot's answer to a push as strictly as the platform does.

An answer is silence (`success` or nothing), something for the phone, or useless; the last is
what makes the phone say that the account is out of service. Source: docs/platform.md §3.
"""

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from wxbot.errors import MalformedPush, WxbotError
from wxbot.protocol.cipher import Cipher
from wxbot.protocol.signature import is_signed
from wxbot.simulator.config import Mode

TEXT_BYTES = 2048  # UTF-8
_MEDIA = {"image": ("Image", "[图片]"), "voice": ("Voice", "[语音]"), "video": ("Video", "[视频]")}
_EVENT_ARTICLES = 8  # articles shown in answer to an event; to a message it is one


class Useless(WxbotError):
    """The answer cannot be shown: the user reads a failure notice; the text says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a passive reply puts on the phone; `details` holds its elements by name."""

    type: str
    text: str
    details: dict[str, Any] = field(default_factory=dict)


def opened(body: bytes, mode: Mode, token: str, cipher: Cipher) -> bytes:
    """Return the plain answer inside `body`; raises Useless when it is not encrypted as it must be."""
    if mode == "plain" or body.strip() in (b"", b"success"):
        return body
    envelope = _parsed(body)
    encrypted = envelope.findtext("Encrypt")
    if not encrypted:
        if mode == "compat":
            return body
        raise Useless("safe mode, and the answer is not encrypted")
    parts = [envelope.findtext(name) or "" for name in ("TimeStamp", "Nonce")]
    if not is_signed(envelope.findtext("MsgSignature") or "", token, *parts, encrypted):
        raise Useless("MsgSignature does not fit TimeStamp, Nonce and Encrypt")
    try:
        return cipher.decrypt(encrypted)
    except MalformedPush as exc:
        raise Useless(str(exc)) from exc


def read(plain: bytes, openid: str, *, to_event: bool) -> Reply | None:
    """Return what to show, None for silence; raises Useless for anything the platform rejects."""
    if plain.strip() in (b"", b"success"):
        return None
    root = _parsed(plain)
    if root.tag != "xml":
        raise Useless(f"the root element is <{root.tag}>, not <xml>")
    kind = _required(root, "MsgType")
    if _required(root, "ToUserName") != openid:
        raise Useless("ToUserName is not the user who wrote")
    _required(root, "FromUserName")
    if not _required(root, "CreateTime").isdecimal():
        raise Useless("CreateTime is not a number")
    return _shown(root, kind, to_event)


def _shown(root: Any, kind: str, to_event: bool) -> Reply | None:
    if kind == "text":
        return Reply(kind, _text(root))
    if kind in _MEDIA:
        element, label = _MEDIA[kind]
        _required(root, f"{element}/MediaId")
        return Reply(kind, label, _tree(root.find(element)))
    if kind == "music":
        _required(root, "Music/ThumbMediaId")
        return Reply(kind, f"[音乐] {root.findtext('Music/Title') or ''}".strip(), _tree(root.find("Music")))
    if kind == "news":
        return _news(root, _EVENT_ARTICLES if to_event else 1)
    if kind == "transfer_customer_service":
        return Reply(kind, "", {"KfAccount": root.findtext("TransInfo/KfAccount") or ""})
    raise Useless(f"MsgType {kind!r} cannot be a passive reply")


def _text(root: Any) -> str:
    content = _required(root, "Content")
    if len(content.encode()) > TEXT_BYTES:
        raise Useless(f"Content is {len(content.encode())} bytes long, the limit is {TEXT_BYTES}")
    return content


def _news(root: Any, shown: int) -> Reply:
    _required(root, "ArticleCount")
    articles = [_tree(item) for item in root.findall("Articles/item")]
    if not articles:
        raise Useless("news without an article")
    titles = "\n".join(f"[图文] {article.get('Title', '')}" for article in articles[:shown])
    return Reply("news", titles, {"articles": articles[:shown]})


def _required(root: Any, path: str) -> str:
    text: str = root.findtext(path) or ""
    if not text:
        raise Useless(f"{path} is missing or empty")
    return text


def _tree(element: Any) -> dict[str, Any]:
    return {child.tag: child.text or "" for child in element if isinstance(child.tag, str)}


def _parsed(body: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body.strip(), parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise Useless(f"not XML: {exc}") from exc
    if b"<!DOCTYPE" in body:
        raise Useless("a DOCTYPE is not accepted")
    return root
