"""What happens to the account itself, to its users' data, and to its places, as typed values.

Source: docs/platform.md §2.3.
"""

from dataclasses import dataclass

from wxbot.protocol.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyEvent(Event):
    """A user changed or took back what we may know: delete it. `RevokeInfo` numbers what, 201 an address."""

    OpenID: str = ""
    AppID: str = ""
    RevokeInfo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedEvent(Event):
    """The account is verified, or has to be again, until `ExpiredTime` (Unix seconds)."""

    ExpiredTime: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationFailedEvent(Event):
    """The account was not verified: interfaces may be lost. `FailTime` is Unix seconds."""

    FailTime: int = 0
    FailReason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoiCheckNotifyEvent(Event):
    """A store was checked: `Result` is `succ` or `fail`."""

    UniqId: str = ""
    PoiId: str = ""
    Result: str = ""
    Msg: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterEvent(Event):
    """A user opened the chat; the platform has not told this for years."""
