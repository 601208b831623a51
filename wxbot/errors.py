"""Every deliberate error: the class says what must happen next, the message says what happened."""


class WxbotError(Exception):
    """Base of every deliberate wxbot error."""


class SettingsError(WxbotError):
    """The operator must fix the configuration; nothing starts until then."""


class FileError(SettingsError):
    """A file that people write is wrong; each of `problems` names file, line and what to write instead."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class RulesError(FileError):
    """The rules file is wrong."""


class MenuError(FileError):
    """The menu file is wrong."""


class PushRejected(WxbotError):
    """A push that changes nothing; the webhook knows what to answer."""


class BadSignature(PushRejected):
    """Not signed with our token: answered 403."""


class MalformedPush(PushRejected):
    """Signed but unreadable: logged, answered `success`, so the user sees no fault."""


class InvalidMessage(WxbotError):
    """A message the platform would refuse, told before anything is stored; the text says which limit."""


class NotFound(WxbotError):
    """The thing named does not exist here; the caller should look at its name."""


class TooLarge(WxbotError):
    """What the platform has is larger than the caller allows; nothing of it was kept."""


class StoreError(WxbotError):
    """The store could not do it now: nothing was changed, and the caller must not say it was."""


class NoTurn(StoreError):
    """Others kept us from writing: whoever waits here would only wait as long again."""


class SendFailed(WxbotError):
    """One call to the platform did not succeed; the sender decides what becomes of the message."""


class Refused(SendFailed):
    """The platform answered no: `errcode` is its reason, `rid` its trace id."""

    def __init__(self, errcode: int, errmsg: str = "", rid: str = "") -> None:
        super().__init__(f"errcode {errcode}: {errmsg}" if errmsg else f"errcode {errcode}")
        self.errcode, self.errmsg, self.rid = errcode, errmsg, rid


class Unanswered(SendFailed):
    """No usable answer; `delivered_maybe` warns that a resend may duplicate."""

    def __init__(self, what: str, *, delivered_maybe: bool) -> None:
        super().__init__(what)
        self.delivered_maybe = delivered_maybe


class NoToken(SendFailed):
    """No access_token can be had now: nothing was sent, and the message waits without losing a try."""
