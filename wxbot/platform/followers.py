"""The people who follow, as the platform tells of them: lists, remarks, tags.

Calls raise Refused, Unanswered, or NoToken. Source: docs/platform.md §9.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wxbot.platform.client import Client
from wxbot.protocol.outgoing import dumps

BATCH = 100  # people that are told of in one answer
TAGGED = 50  # people who are given a tag in one call
MAX_REMARK = 29  # characters
_MOST = 1024 * 1024  # bytes of an answer: 10,000 openids are 310 KB


@dataclass(frozen=True, slots=True)
class Page:
    """Openids in the platform's order; `after` gets the next page, `""` when this is the last."""

    openids: Sequence[str]
    after: str
    total: int


@dataclass(frozen=True, slots=True)
class Person:
    """What is told of one; of who has left nothing but that. `since` is Unix seconds, 0 when it is not told."""

    openid: str
    follows: bool
    since: int
    remark: str
    tags: Sequence[int]
    unionid: str


@dataclass(frozen=True, slots=True)
class Named:
    """A tag, and how many carry it."""

    id: int
    name: str
    count: int


class Followers:
    """One account's calls."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(self, after: str) -> Page:
        """Return up to 10,000 followers behind an openid, the first ones for `""`."""
        query = {"next_openid": after} if after else {}
        return _page(self._client.ask("/cgi-bin/user/get", query, most=_MOST))

    def told(self, openids: Sequence[str]) -> list[Person]:
        """Return what is known of up to 100 people."""
        asked = {"user_list": [{"openid": openid, "lang": "zh_CN"} for openid in openids]}
        answer = self._client.call("/cgi-bin/user/info/batchget", dumps(asked).encode(), most=_MOST)
        return [_person(one) for one in _rows(answer.get("user_info_list"))]

    def remark(self, openid: str, text: str) -> None:
        """Let the platform call a user by this name, in its console too; `""` for none."""
        self._client.accepted("/cgi-bin/user/info/updateremark", dumps({"openid": openid, "remark": text}).encode())

    def tags(self) -> list[Named]:
        """Return the account's tags."""
        answer = self._client.ask("/cgi-bin/tags/get")
        return [
            Named(_int(one.get("id")), str(one.get("name", "")), _int(one.get("count")))
            for one in _rows(answer.get("tags"))
        ]

    def create_tag(self, name: str) -> int:
        """Make a tag; return its number."""
        answer = self._client.call("/cgi-bin/tags/create", dumps({"tag": {"name": name}}).encode())
        tag = answer.get("tag")
        return _int(tag.get("id")) if isinstance(tag, dict) else 0

    def tagged(self, tag: int, after: str) -> Page:
        """Return up to 10,000 of those who carry a tag, behind an openid."""
        body = dumps({"tagid": tag, "next_openid": after}).encode()
        return _page(self._client.call("/cgi-bin/user/tag/get", body, most=_MOST))

    def tag(self, tag: int, openids: Sequence[str], *, carried: bool) -> None:
        """Give a tag to up to 50 people, or take it from them when not `carried`."""
        path = "batchtagging" if carried else "batchuntagging"
        body = dumps({"tagid": tag, "openid_list": list(openids)}).encode()
        self._client.accepted(f"/cgi-bin/tags/members/{path}", body)


def _page(answer: dict[str, Any]) -> Page:
    data = answer.get("data")
    openids = data.get("openid") if isinstance(data, dict) else None
    found = [one for one in openids if isinstance(one, str)] if isinstance(openids, list) else []
    return Page(found, str(answer.get("next_openid") or "") if found else "", _int(answer.get("total")))


def _rows(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _person(one: dict[str, Any]) -> Person:
    tags = one.get("tagid_list")
    return Person(
        openid=str(one.get("openid", "")),
        follows=_int(one.get("subscribe")) == 1,
        since=_int(one.get("subscribe_time")),
        remark=str(one.get("remark") or ""),
        tags=[_int(tag) for tag in tags] if isinstance(tags, list) else [],
        unionid=str(one.get("unionid") or ""),
    )


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
