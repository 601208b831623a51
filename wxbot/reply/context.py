"""What a handler may do besides answering: follow up, subscribe, plan, remember, hand over to a human.

A handler changes nothing by itself. What it wants is collected here and committed together with
its answer, so that a push answered twice or a process killed half-way has its effects once.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from wxbot.errors import InvalidMessage
from wxbot.protocol.content import Content, TransferCustomerService, content_of
from wxbot.protocol.facts import facts_json
from wxbot.protocol.media import LARGEST, MediaFile
from wxbot.protocol.messages import Push
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.protocol.topic import check_topic
from wxbot.reply.dialogue import KEY, Asking, Dialogue
from wxbot.reply.files import Shelf, taken
from wxbot.reply.plan import Plan, PlanChange, Planned

When = datetime | timedelta | float
T = TypeVar("T")
LATEST = 4_102_444_800  # Unix seconds, the end of 2099; a larger number is milliseconds by mistake
SESSION_LIFE = 3600.0  # seconds a session is kept after its last change


def after(*, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> timedelta:
    """Return a time from now, for `at=`."""
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def moment(when: When, now: float) -> float:
    """Return `when` in Unix seconds: a timedelta counts from `now`, a datetime must know its time zone.

    Raises InvalidMessage for a moment that no calendar of ours shows: before 1970, or after 2099.
    """
    if isinstance(when, datetime) and when.tzinfo is None:
        raise InvalidMessage(f"{when.isoformat()} has no time zone: add tzinfo, or use after(...)")
    seconds = (
        now + when.total_seconds()
        if isinstance(when, timedelta)
        else when.timestamp()
        if isinstance(when, datetime)
        else float(when)
    )
    if not 0 <= seconds <= LATEST:  # also when it is no number
        raise InvalidMessage(f"{when} is no moment between 1970 and 2099")
    return seconds


@dataclass(slots=True)
class Context:
    """One push's surroundings. `now` is Unix seconds on the bot's clock."""

    account: str
    openid: str
    now: float
    load_session: Callable[[], str]
    load_planned: Callable[[str], Planned] = lambda topic: Planned()
    follow_ups: list[FollowUp] = field(default_factory=list)
    subscriptions: dict[str, bool] = field(default_factory=dict)  # topic: wanted or no longer; the last word counts
    plan_changes: list[PlanChange] = field(default_factory=list)
    shelf: Shelf | None = None
    files: list[MediaFile] = field(default_factory=list)  # that follow-ups show
    _session: dict[str, Any] | None = None
    _session_before: str | None = None  # as it is stored, once that was read
    _unfinished: Dialogue | None = None
    _answers: list[str] = field(default_factory=list)  # to the questions of this run
    _asked: int = 0  # questions in this run

    def follow_up(  # noqa: PLR0913  # one obvious call; each option is a promise of its own
        self,
        said: str | Content,
        *,
        at: When | None = None,
        not_after: When | None = None,
        key: str | None = None,
        on_closed: Literal["hold", "drop", "template"] = "hold",
        priority: Literal["normal", "decisive"] = "normal",
        coalesce: str | None = None,
        on_doubt: Literal["resend", "park"] = "resend",
        topic: str | None = None,
        facts: Mapping[str, str] | None = None,
        kf_account: str = "",
    ) -> None:
        """Send this later (`at`) or right after the reply, as far as the platform allows.

        A second follow-up with the same `key` is ignored. `topic` is whose quiet hours and fallback
        count for it, `facts` what its fallback's templates may name. Raises InvalidMessage for what
        the platform would refuse.
        """
        content, files = taken(content_of(said))
        self.files += files
        self.follow_ups.append(
            FollowUp(
                message=message_json(content, kf_account=kf_account),
                due_at=self.now if at is None else max(moment(at, self.now), self.now),
                not_after=None if not_after is None else moment(not_after, self.now),
                key=key,
                on_closed=on_closed,
                priority=priority,
                coalesce=coalesce,
                on_doubt=on_doubt,
                topic=topic,
                facts=facts_json(facts or {}),
            )
        )

    def subscribe(self, topic: str) -> None:
        """Let this user get what is published to a topic from now on; subscribing again changes nothing.

        Raises InvalidMessage for a name that is not 1 to 128 letters, digits and `:._-`.
        """
        self.subscriptions[check_topic(topic)] = True

    def unsubscribe(self, topic: str) -> None:
        """Let this user get nothing more of a topic; raises InvalidMessage as `subscribe` does."""
        self.subscriptions[check_topic(topic)] = False

    def plan(
        self, topic: str, plan: Plan, *, moment: When | None = None, facts: Mapping[str, str] | None = None
    ) -> None:
        """Subscribe this user to a topic, and let its plan run.

        `moment` and `facts` count as far as nobody has told better (`move`, the push API): a bot's timetable
        does not undo a delay. Steps that have passed are left out. Raises InvalidMessage.
        """
        self.subscribe(topic)
        self._change(PlanChange(topic=topic, plan=plan, overrides=False, tell=False), moment, facts)

    def move(self, topic: str, *, moment: When | None = None, facts: Mapping[str, str] | None = None) -> None:
        """Move a topic's plan for everybody: its steps that are to come, and its notices at once.

        Raises InvalidMessage.
        """
        self._change(PlanChange(topic=topic), moment, facts)

    def planned(self, topic: str) -> Planned:
        """Return the moment and the facts of a topic's plan, as far as they are known."""
        return self.load_planned(check_topic(topic))

    def _change(self, wanted: PlanChange, when: When | None, facts: Mapping[str, str] | None) -> None:
        at = None if when is None else moment(when, self.now)
        self.plan_changes.append(replace(wanted, moment=at, facts=dict(facts or {})))

    def download(self, what: Push | str, to: str | Path, *, most: int = LARGEST) -> Path:
        """Fetch the picture, voice note or video of a message (or a media_id) into a file of at most `most` bytes.

        The platform keeps it for three days. Raises Refused, Unanswered or NoToken for the call, TooLarge, and
        InvalidMessage for a push that brings no file. It takes its time: a quick bot should not.
        """
        media_id = what if isinstance(what, str) else getattr(what, "MediaId", "")
        if not media_id:
            raise InvalidMessage("this push brings no file: pictures, voice notes and videos do")
        if self.shelf is None:
            raise InvalidMessage("there is no platform to fetch from")
        self.shelf.download(media_id, Path(to), most=most)
        return Path(to)

    @overload
    def ask(self, question: str | Content, *, again: str | Content | None = None) -> str: ...

    @overload
    def ask(
        self, question: str | Content, *, check: Callable[[str], T], again: str | Content | None = None
    ) -> T: ...

    def ask(
        self, question: str | Content, *, check: Callable[[str], Any] = str, again: str | Content | None = None
    ) -> Any:
        """Ask the user and return the answer: a text, or what `check` makes of it.

        The handler ends here. When the answer comes it is run again from its beginning, with the same push and all
        answers before; what it does is kept of its last run alone. When `check` raises ValueError, `again` is said
        (or the question once more), and the next text is the answer. Questions are known by their order.
        """
        number, self._asked = self._asked, self._asked + 1
        if number >= len(self._answers):
            raise Asking(content_of(question))
        try:
            return check(self._answers[number])
        except ValueError:
            del self._answers[number:]
            raise Asking(content_of(again or question)) from None

    def transfer(self, kf_account: str = "") -> TransferCustomerService:
        """Return the reply that hands the user to a human agent: `return ctx.transfer()`."""
        return TransferCustomerService(kf_account)

    @property
    def session(self) -> dict[str, Any]:
        """What is kept for this user between pushes, JSON values only; gone an hour after its last change."""
        return self._loaded()

    @property
    def unfinished(self) -> Dialogue | None:
        """What this user was asked and has not answered."""
        if KEY in self._stored():  # as hardly ever: only then it is worth reading
            self._loaded()
        return self._unfinished

    def hear(self, answers: list[str]) -> None:
        """Go on with what was asked: these are the answers, the newest last."""
        self._answers, self._asked = answers, 0

    def asked(self, handler: str, push: Push) -> None:
        """End the run of a handler that asks: nothing of it is kept but the answers so far."""
        self.follow_ups.clear()
        self.subscriptions.clear()
        self.plan_changes.clear()
        self.files.clear()
        self._session = None
        self._loaded()
        self._unfinished = Dialogue(handler, push.fields, self._answers)

    def finished(self) -> None:
        """End what was asked: the next message is nobody's answer."""
        self._loaded()
        self._unfinished = None

    def _stored(self) -> str:
        if self._session_before is None:
            self._session_before = self.load_session()
        return self._session_before

    def _loaded(self) -> dict[str, Any]:
        if self._session is None:
            self._session = json.loads(self._stored())
            self._unfinished = Dialogue.of(self._session.pop(KEY, None))
        return self._session

    def changed_session(self) -> str | None:
        """Return the session to store as JSON, None when the handler left it alone."""
        if self._session is None:
            return None
        if not self._session and self._unfinished is None and self._stored() == "{}":
            return None  # as nearly always: there was nothing, and there is nothing
        unfinished = {KEY: self._unfinished.stored()} if self._unfinished else {}
        kept = {**self._session, **unfinished}
        session = json.dumps(kept, ensure_ascii=False, sort_keys=True)
        session.encode()  # raises here, in the handler's time, what the store could not keep
        unchanged = json.loads(self._stored()) == kept
        return None if unchanged else session
