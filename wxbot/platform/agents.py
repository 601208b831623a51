"""The people who answer for the account (客服), and their talks with users.

Calls raise Refused, Unanswered, or NoToken. Source: docs/platform.md §9.
"""

from dataclasses import dataclass
from typing import Any

from wxbot.platform.client import Client
from wxbot.protocol.outgoing import dumps


@dataclass(frozen=True, slots=True)
class Agent:
    """One of them; `talks` is how many users they speak with now, `invited` a WeChat id that has not agreed yet."""

    kf_account: str
    nick: str
    wechat: str
    invited: str
    online: bool
    talks: int


class Agents:
    """One account's calls."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def all(self) -> list[Agent]:
        """Return everybody, and whether they are there now."""
        there = {
            one.get("kf_account"): one
            for one in self._rows("/cgi-bin/customservice/getonlinekflist", "kf_online_list")
        }
        return [
            _agent(one, there.get(one.get("kf_account"), {}))
            for one in self._rows("/cgi-bin/customservice/getkflist", "kf_list")
        ]

    def open(self, openid: str, kf_account: str) -> None:
        """Let an agent who is online take a user on."""
        self._talk("create", openid, kf_account)

    def close(self, openid: str, kf_account: str) -> None:
        """End a talk: the bot answers again."""
        self._talk("close", openid, kf_account)

    def _talk(self, what: str, openid: str, kf_account: str) -> None:
        body = dumps({"kf_account": kf_account, "openid": openid}).encode()
        self._client.accepted(f"/customservice/kfsession/{what}", body)

    def _rows(self, path: str, name: str) -> list[dict[str, Any]]:
        found = self._client.ask(path).get(name)
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _agent(one: dict[str, Any], there: dict[str, Any]) -> Agent:
    talks = there.get("accepted_case", 0)
    return Agent(
        kf_account=str(one.get("kf_account", "")),
        nick=str(one.get("kf_nick", "")),
        wechat=str(one.get("kf_wx", "")),
        invited=str(one.get("invite_wx", "")),
        online=bool(there),
        talks=talks if isinstance(talks, int) else 0,
    )
