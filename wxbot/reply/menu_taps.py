"""Whether a bot has anything to say to a tap on a menu button, without asking it."""

from wxbot.protocol.inbound import typed
from wxbot.reply.bot import Bot

_STEP = 300  # seconds between the moments that are tried: a rule may hold for some hours only
_DAY = 86_400  # seconds


def is_answered(bot: Bot, kind: str, key: str, now: float) -> bool:
    """Return whether a handler is for a tap on a button of this type and key, at some time of a day."""
    push = typed(
        {
            "ToUserName": "gh_1",
            "FromUserName": "oUser",
            "CreateTime": str(int(now)),
            "MsgType": "event",
            "Event": "CLICK" if kind == "click" else kind,
            "EventKey": key,
        }
    )
    try:
        return any(bot.fits(push, now + step) for step in range(0, _DAY, _STEP))
    except Exception:  # noqa: BLE001  # a filter of the user's own, made for whole pushes: who can say
        return True
