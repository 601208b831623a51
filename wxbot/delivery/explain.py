"""Why a follow-up was or was not delivered, and what would have to happen for it to go out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wxbot.errors import NotFound
from wxbot.protocol.outgoing import summary
from wxbot.protocol.reaction import meaning
from wxbot.protocol.window import Grant, is_unlimited
from wxbot.store import contacts, gates, outbox
from wxbot.store.engine import Transaction
from wxbot.store.gates import Gate
from wxbot.store.outbox import StoredFollowUp


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a follow-up; `errcode` 0 when no refusal caused it, `seen` the grants it was decided on."""

    at: float
    state: str
    why: str
    errcode: int
    rid: str
    grant: str
    seen: Sequence[Grant] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A follow-up's whole story, and what stands between it and the user now."""

    id: int
    openid: str
    message: str
    state: str
    steps: list[Step]
    now_zh: str
    now_en: str


def explanation(tx: Transaction, account: str, id: int, now: float) -> Explanation:
    """Return why a follow-up is where it is; raises NotFound."""
    found = outbox.show(tx, account, id)
    if found is None:
        raise NotFound(f"there is no follow-up {id} in account {account!r}")
    grants = contacts.grants(tx, account, found.openid)
    zh, en = _now(found, grants, gates.closed(tx, account, now), now)
    return Explanation(
        found.id, found.openid, summary(found.message), found.state, [_step(one) for one in found.history], zh, en
    )


def _step(entry: dict[str, Any]) -> Step:
    errcode = int(str(entry.get("errcode", 0)))
    why = str(entry.get("why", ""))
    if errcode:
        known = meaning(errcode)
        why = f"{errcode} {known.zh} / {known.en}"
    return Step(
        float(str(entry["at"])),
        str(entry["state"]),
        why,
        errcode,
        str(entry.get("rid", "")),
        str(entry.get("grant", "")),
        [Grant(*one) for one in entry.get("seen", ())],
    )


def _now(one: StoredFollowUp, grants: list[Grant], closed: list[Gate], now: float) -> tuple[str, str]:
    """Return what would have to happen now, in Chinese and in English."""
    if one.state in _ENDS:
        return _ENDS[one.state]
    if closed:
        return (f"账号暂停发送：{closed[0].reason}", f"The account rests: {closed[0].reason}")
    left = sum(grant.left for grant in grants if grant.is_open(now))
    if one.state == "held" or (one.due_at <= now and not left):
        return (
            "窗口已关闭：用户再发一条消息后才会送出。",
            "The window is closed: it goes out when the user writes again.",
        )
    if one.due_at > now:
        return (
            f"还没到时间；现在窗口里还能发 {'任意多' if is_unlimited(left) else left} 条。",
            f"It is not due yet; {'any number of' if is_unlimited(left) else left} messages may go out now.",
        )
    return ("正在排队，马上送出。", "It is in the queue and goes out at once.")


_ENDS = {
    "sent": ("平台已接收（平台不会回报是否送达）。", "The platform accepted it (it never reports delivery)."),
    "refused": ("平台拒绝，不会再发；改正后可用 wxbot outbox retry 重发。",
                "The platform refused it; mend the reason, then wxbot outbox retry."),
    "doubtful": ("可能已送达，也可能没有：由人决定重发（outbox retry）或放弃（outbox cancel）。",
                 "It may have arrived or not: a person decides, outbox retry or outbox cancel."),
    "expired": ("已过期，不会再发。", "Its time is over; it will not be sent."),
    "cancelled": ("已取消。", "It was cancelled."),
    "superseded": ("已被更新的一条取代。", "A newer one replaced it."),
}  # fmt: skip
