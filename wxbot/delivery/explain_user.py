"""Can I reach this person, how often, until when; what waits for them, and what would have to happen.

Advisory, as every window is: the platform's next answer counts. Times are Unix seconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wxbot.errors import NotFound
from wxbot.protocol.reaction import meaning
from wxbot.protocol.window import is_unlimited
from wxbot.store import contacts, gates, outbox, topics
from wxbot.store.contacts import Contact
from wxbot.store.engine import Transaction
from wxbot.store.gates import Gate

MOST_TOPICS = 1000  # told of one user
Sentence = tuple[str, str]  # in Chinese and in English
_ORDER = ("announced", *outbox.STATES)
_NONE = (0, 0.0)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The follow-ups of one state; `next_due` is when the first was or is due.

    `announced` is the state of publications to the user's topics of which they have no follow-up yet.
    """

    state: str
    count: int
    next_due: float


@dataclass(frozen=True, slots=True)
class UserExplanation:
    """A user as a person asks about one. `left` messages may go out until `until`, None while none may."""

    openid: str
    reachable_now: bool
    left: int
    until: int | None
    waiting: Sequence[Waiting]
    topics: Sequence[str]
    now_zh: str
    now_en: str


def user_explanation(tx: Transaction, account: str, openid: str, now: float) -> UserExplanation:
    """Return what may be sent to a user and what waits for them; raises NotFound for a stranger."""
    found = contacts.show(tx, account, openid)
    if found is None:
        raise NotFound(f"{openid!r} has never written to account {account!r}: nothing may be sent to a stranger")
    return explain_contact(tx, account, found, now)


def explain_contact(tx: Transaction, account: str, found: Contact, now: float) -> UserExplanation:
    """Return the same of a contact that was read in this transaction."""
    closed = gates.closed(tx, account, now)
    usable = found.open_grants(now)
    by_state = outbox.waiting(tx, account, found.openid)
    by_state["announced"] = topics.announced(tx, account, found.openid)
    waiting = [Waiting(state, *by_state[state]) for state in _ORDER if by_state.get(state, _NONE)[0]]
    said = [_reach(found, closed, now), *_waits(waiting, closed, now, is_open=bool(usable))]
    return UserExplanation(
        openid=found.openid,
        reachable_now=bool(usable) and not closed,
        left=sum(grant.left for grant in usable),
        until=max((grant.expires_at for grant in usable), default=None),
        waiting=waiting,
        topics=topics.of_user(tx, account, found.openid, MOST_TOPICS),
        now_zh="".join(zh for zh, _ in said),
        now_en=" ".join(en for _, en in said),
    )


def _reach(found: Contact, closed: Sequence[Gate], now: float) -> Sentence:
    """Return whether a message may go out now; else what would have to happen."""
    if not found.subscribed:
        return ("已取消关注：重新关注后才能再发。", "They unfollowed: nothing may be sent until they follow again.")
    if closed:
        zh, en = _span(closed[0].until - now)
        return (
            f"账号暂停发送，最多还有{zh}：{closed[0].reason}。",
            f"The account rests, for {en} at most: {closed[0].reason}.",
        )
    usable = found.open_grants(now)
    if usable:
        left = sum(grant.left for grant in usable)
        (zh, en), many = _span(max(grant.expires_at for grant in usable) - now), is_unlimited(left)
        return (
            f"可以联系：{zh}内还能发{'任意多' if many else f' {left} '}条。",
            f"They can be reached: {'any number of' if many else left} message(s) within {en}.",
        )
    if found.refused:
        known = meaning(found.refused)
        return (
            f"平台上次拒绝了（{found.refused} {known.zh}）：用户再发一条消息后才能发。",
            f"The platform refused the last one ({found.refused} {known.en}): they have to write again.",
        )
    return ("窗口已关闭：用户再发一条消息后才能发。", "The window is closed: they have to write again.")


def _waits(waiting: Sequence[Waiting], closed: Sequence[Gate], now: float, *, is_open: bool) -> Iterator[Sentence]:
    """Yield what waits, state by state, and for what."""
    for one in waiting:
        match one.state:
            case "scheduled":
                zh, en = _span(one.next_due - now)
                yield (f"{one.count} 条未到时间，最早的在{zh}后。", f"{one.count} not due yet, the first in {en}.")
            case "announced":
                zh, en = _span(one.next_due - now)
                yield (
                    f"所订主题有 {one.count} 条待发布，最早的在{zh}后。",
                    f"{one.count} to be published to their topics, the first in {en}.",
                )
            case "held":
                yield (f"{one.count} 条等用户回来。", f"{one.count} held until they are back.")
            case "doubtful":
                yield (
                    f"{one.count} 条不知是否送达，等人决定（wxbot outbox）。",
                    f"{one.count} may have arrived or not: a person decides (wxbot outbox).",
                )
            case "queued" if closed:
                yield (f"{one.count} 条等账号恢复。", f"{one.count} wait for the account.")
            case "queued" if not is_open:
                yield (f"{one.count} 条到期，窗口关着，会保留。", f"{one.count} due while the window is closed.")
            case "queued":
                yield (f"{one.count} 条在排队。", f"{one.count} in the queue.")
            case _:
                yield (f"{one.count} 条正在发送。", f"{one.count} on the way.")
    if not waiting:
        yield ("没有等待发送的消息。", "Nothing waits for them.")


def _span(seconds: float) -> Sentence:
    """Return a span in its two largest units, at least a minute, as the clocks differ anyway."""
    minutes = max(int(seconds) // 60, 1)
    (hours, minutes), days = divmod(minutes, 60), minutes // 1440
    if days:
        return f" {days} 天 {hours % 24} 小时", f"{days}d {hours % 24}h"
    return (
        (f" {hours} 小时 {minutes} 分钟", f"{hours}h {minutes}m") if hours else (f" {minutes} 分钟", f"{minutes}m")
    )
