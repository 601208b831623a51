"""From the platform's errcode to what a sender does next.

Pure: no clock and no random numbers; times are Unix seconds, spans are seconds. The codes themselves
stand in `errcodes`. A gate closes one interface (send, token, template, ...) of one account; other
accounts and interfaces go on. Source: docs/platform.md §7.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import Literal

from wxbot.protocol.backoff import MAX_ATTEMPTS
from wxbot.protocol.errcodes import AT_TOKEN, GROUPS, Row

Endpoint = Literal["send", "token"]

UNLISTED_ATTEMPTS = 3  # enough for a passing fault of a kind nobody wrote down, and no loop
DAY = 86_400  # seconds
_BEIJING = 8 * 3600  # seconds ahead of UTC; fixed, as Asia/Shanghai has had no summer time since 1991


class Reaction(StrEnum):
    """What a sender does with a message, and with what waits behind it."""

    DONE = "done"
    RETRY = "retry"
    TOKEN = "token"
    WAIT_MINUTE = "wait_minute"
    WAIT_DAY = "wait_day"
    WAIT_USER = "wait_user"
    SPLIT = "split"
    WITHOUT_KF = "without_kf"
    DROP = "drop"
    USER_OFF = "user_off"
    ACCOUNT_STOP = "account_stop"
    IGNORE = "ignore"


ACTIONS: dict[Reaction, tuple[str, str]] = {
    Reaction.DONE: ("完成", "settles the message as sent"),
    Reaction.RETRY: ("退避后重发，次数有限", "sends again after a back-off, a bounded number of times"),
    Reaction.TOKEN: (
        "换新 access_token 后重发一次",
        "replaces the token if still the stored one, sends once more",
    ),
    Reaction.WAIT_MINUTE: ("该接口停约一分钟", "closes the interface for about a minute; the message waits"),
    Reaction.WAIT_DAY: (
        "该接口停到北京时间零点",
        "closes the interface until midnight in Beijing; the message waits",
    ),
    Reaction.WAIT_USER: ("留到用户下次互动", "takes the window as closed and holds until the user acts"),
    Reaction.SPLIT: ("拆成几段再发", "sends it in shorter parts; drops what cannot be parted"),
    Reaction.WITHOUT_KF: (
        "去掉客服账号再发一次",
        "sends once more without `customservice`; drops it if there was none",
    ),
    Reaction.DROP: ("不再发送，保留原因", "gives the message up and keeps the reason"),
    Reaction.USER_OFF: (
        "停发给该用户，直到其再互动",
        "gives up all that waits for this user until they come back",
    ),
    Reaction.ACCOUNT_STOP: (
        "该接口停用并告警",
        "closes the interface, alerts the operator; the message waits",
    ),
    Reaction.IGNORE: (
        "与发送无关，只记录；若真是发送的结果，按未收录处理",
        "only notes it; in answer to a send, acts as on an unlisted code",
    ),
}
"""What wxbot does, in Chinese and in English: for the console, the logs and docs/errcodes.md."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One errcode, explained.

    `attempts` is how many tries in all a message may have once this is the answer; None when the
    answer costs no try (a gate, a hold, a new token) or the reaction itself ends the trying.
    """

    errcode: int
    reaction: Reaction
    zh: str
    en: str
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class _Gate:
    """How long an interface stays closed: `span` plus up to `spread` seconds; one call each `probe`."""

    span: int | None  # None: until the day turns in Beijing
    spread: int
    probe: int | None  # None: no call before the gate opens


# The probe of a stopped account finds out by itself that the operator has mended it.
_GATES: dict[Reaction, _Gate] = {
    Reaction.WAIT_MINUTE: _Gate(span=60, spread=15, probe=None),
    Reaction.WAIT_DAY: _Gate(span=None, spread=600, probe=900),
    Reaction.ACCOUNT_STOP: _Gate(span=DAY, spread=600, probe=900),
}
# A refused address stays refused for a published time, and asking meanwhile asks the person again.
_GATES_BY_ERRCODE = {
    89506: _Gate(span=DAY, spread=600, probe=None),
    89507: _Gate(span=3600, spread=60, probe=None),
}

_ATTEMPTS = {Reaction.RETRY: MAX_ATTEMPTS, Reaction.IGNORE: UNLISTED_ATTEMPTS}
_FIT_FOR_TOKEN = {
    Reaction.DONE,
    Reaction.RETRY,
    Reaction.WAIT_MINUTE,
    Reaction.WAIT_DAY,
    Reaction.ACCOUNT_STOP,
}


def _read(rows: Iterable[Row]) -> dict[int, Meaning]:
    """Return the rows by errcode; ValueError for a reaction that does not exist."""
    found = (Meaning(errcode, Reaction(word), zh, en) for errcode, word, zh, en in rows)
    return {each.errcode: replace(each, attempts=_ATTEMPTS.get(each.reaction)) for each in found}


MEANINGS = _read(chain.from_iterable(GROUPS.values()))
MEANINGS_AT_TOKEN = _read(AT_TOKEN)


def meaning(errcode: int, *, at: Endpoint = "send") -> Meaning:
    """Return what `errcode` means in answer to a send or from the token endpoint.

    Every integer has an answer: one that nobody listed is tried three times in all. At the token
    endpoint the answer is never TOKEN (the refresh would call itself) nor about a message or a user.
    """
    if at == "token" and errcode in MEANINGS_AT_TOKEN:
        return MEANINGS_AT_TOKEN[errcode]
    found = MEANINGS.get(errcode) or _unlisted(errcode)
    if at == "token" and found.reaction not in _FIT_FOR_TOKEN:
        return replace(found, reaction=Reaction.RETRY, attempts=UNLISTED_ATTEMPTS)
    return found


def gate_seconds(errcode: int, now: float, jitter: float, *, at: Endpoint = "send") -> float | None:
    """Return for how many seconds from `now` this answer closes the interface; None when it closes nothing.

    `jitter` in [0, 1) spreads the return, so that processes do not come back in the same second.
    For 45009 the gate opens when the day turns in Beijing: when the daily counters start afresh
    is not documented (docs/platform.md §8), hence the probes of `probe_seconds`.
    """
    gate = _gate(errcode, at)
    if gate is None:
        return None
    span = DAY - (now + _BEIJING) % DAY if gate.span is None else gate.span
    return span + jitter * gate.spread


def probe_seconds(errcode: int, *, at: Endpoint = "send") -> float | None:
    """Return how far apart single calls may pass the gate this answer closed; None for not at all.

    A probe that succeeds opens the gate for all.
    """
    gate = _gate(errcode, at)
    return None if gate is None else gate.probe


def _gate(errcode: int, at: Endpoint) -> _Gate | None:
    return _GATES_BY_ERRCODE.get(errcode) or _GATES.get(meaning(errcode, at=at).reaction)


def _unlisted(errcode: int) -> Meaning:
    return Meaning(
        errcode,
        Reaction.RETRY,
        "未收录的错误码，请看 errmsg 和 rid",
        "not in the list: read errmsg, and ask the platform about its rid",
        UNLISTED_ATTEMPTS,
    )
