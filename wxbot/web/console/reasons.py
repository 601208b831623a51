"""Why something is as it is, in the page's language: histories keep it in English, as the commands tell it."""

import re

from wxbot.web.console.chinese import ZH
from wxbot.web.console.words import say

# The special before the general: the first that fits is said.
_KNOWN = (
    "wanted by {origin}",
    "the user is back",
    "the user unfollowed",
    "the user unsubscribed",
    "the window is closed until the user writes again",
    "what is left of the window is kept for decisive messages",
    "{why}; on_closed is drop",
    "not_after passed before it could be sent",
    "not_after passed while it was held",
    "waits for what is due soon, to go out with it",
    "with the {count} behind it in one message",
    "in one message with {id}",
    "in the reply to the user's return: it cost nothing",
    "a newer one with coalesce={name} replaces it",
    "{why}, and not_after is before that",
    "quiet hours until {until}",
    "restored from a backup: it may have gone out since",
    "no connection to the platform: {error}",
    "its sender ended before sending",
    "its sender ended while sending",
    "{count} senders ended while they had it",
    "the plan moved: it comes at its new time",
    "the platform says it was delivered",
    "{why}; no rung is left",
    "{why}: it may have arrived",
    "{why}: sent again, it may arrive twice",
    "{why}: sent again",
    "{why}: sent one by one",
    "an operator tries again",
    "an operator cancelled it",
    "{name} tries again",
    "{name} cancelled it",
    "{name} sends it now",
    "erased",
)
_PATTERNS = {text: re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(text))) for text in _KNOWN}


def reason(text: str) -> str:
    """Return a reason in the page's language; one that is not known, or tells what others said, as it stands."""
    for known, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(text):
            values = {
                name: say(value) if value in ZH else reason(value) for name, value in found.groupdict().items()
            }
            return say(known, **values)
    return text
