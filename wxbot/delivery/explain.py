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
    """One change of a follow-up; `errcode` 0 when no refusal caused it, `seen` the grants it was decided on.

    `rung` is the step of the fallback ladder it is about, "" for none, `status` an HTTP status there, and
    `receipt` what the platform said later of its delivery.
    """

    at: float
    state: str
    why: str
    errcode: int
    rid: str
    grant: str
    rung: str
    status: int
    receipt: str
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
        why = f"{entry['rung']}: {why}" if "rung" in entry else why
    return Step(
        float(str(entry["at"])),
        str(entry["state"]),
        why,
        errcode,
        str(entry.get("rid", "")),
        str(entry.get("grant", "")),
        str(entry.get("rung", "")),
        int(str(entry.get("status", 0))),
        str(entry.get("receipt", "")),
        [Grant(*one) for one in entry.get("seen", ())],
    )


def _now(one: StoredFollowUp, grants: list[Grant], closed: list[Gate], now: float) -> tuple[str, str]:
    """Return what would have to happen now, in Chinese and in English."""
    if one.state == "sent" and one.rung != "window":
        return _sent_by(one)
    if one.state in _ENDS:
        return _ENDS[one.state]
    if closed:
        zh, en = (
            ("；有后备的走后备", "; it goes by its fallback, if it has one")
            if one.on_closed == "template"
            else ("", "")
        )
        return (f"账号暂停发送：{closed[0].reason}{zh}", f"The account rests: {closed[0].reason}{en}")
    if one.due_at > now and (until := one.history[-1].get("quiet_until")):
        return (f"免打扰时段，{until} 之后送出。", f"The quiet hours of its topic hold: it goes out at {until}.")
    left = sum(grant.left for grant in grants if grant.is_open(now))
    if one.state == "held" or one.rung != "window" or (one.due_at <= now and not left):
        return _when_closed(one)
    if one.due_at > now:
        return (
            f"还没到时间；现在窗口里还能发 {'任意多' if is_unlimited(left) else left} 条。",
            f"It is not due yet; {'any number of' if is_unlimited(left) else left} messages may go out now.",
        )
    return ("正在排队，马上送出。", "It is in the queue and goes out at once.")


def _when_closed(one: StoredFollowUp) -> tuple[str, str]:
    """Return what would have to happen while the window is closed to it."""
    if one.rung != "window":
        zh, en = RUNGS[one.rung]
        return (f"窗口已关闭，改走{zh}；用户再发一条消息则直接送出。",
                f"The window is closed: it goes as {en}, or as itself when the user writes again.")  # fmt: skip
    if one.on_closed != "template":
        return ("窗口已关闭：用户再发一条消息后才会送出。",
                "The window is closed: it goes out when the user writes again.")  # fmt: skip
    if one.state == "held":
        return (f"窗口已关闭，后备也没有送出（{one.reason}）：用户再发一条消息后才会送出。",
                f"No fallback served ({one.reason}): it goes out when the user writes again.")  # fmt: skip
    return ("窗口已关闭：按话题的后备顺序送出，没有则等用户再发消息。",
            "The window is closed: it goes by the fallback of its topic, or waits for the user.")  # fmt: skip


def _sent_by(one: StoredFollowUp) -> tuple[str, str]:
    """Return what is known of one that a rung of the fallback took."""
    zh, en = RUNGS[one.rung]
    if one.rung == "webhook":
        return (
            f"已交给{zh}；送达与否由接收方负责。",
            f"It went as {en}: whether it arrives is its receiver's matter.",
        )
    if one.history[-1].get("receipt"):
        return (f"已作为{zh}送达（平台回报）。", f"It went as {en}, and the platform says that it was delivered.")
    return (f"平台已接收（{zh}），结果稍后回报。", f"The platform accepted it as {en}; the outcome comes later.")


RUNGS = {
    "template": ("模板消息", "a template message"),
    "subscription": ("订阅通知", "a subscription notification"),
    "webhook": ("后备 webhook", "a call of the fallback webhook"),
}
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
