"""The bot: handlers by kind of push, the first that fits answers."""

import inspect
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from wxbot.protocol.content import Content, content_of
from wxbot.protocol.messages import Message, Push, TextMessage
from wxbot.reply import filters
from wxbot.reply.context import Context
from wxbot.reply.dialogue import Asking
from wxbot.reply.filters import Filter
from wxbot.reply.hooks import FollowUpChanged, Hooks, PushHandled

Said: TypeAlias = "str | Content | None"
HandlerFunction = TypeVar("HandlerFunction", bound=Callable[..., Said])

_PUSH_NAMES = ("message", "event", "push")


@dataclass(frozen=True, slots=True)
class Handler:
    """A function and the pushes it is for; `wants` are its parameters by name."""

    filter: Filter
    function: Callable[..., Said]
    wants: tuple[str, ...]

    @property
    def name(self) -> str:
        """What a dialogue calls it, the same after a restart."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def try_answer(self, push: Push, ctx: Context) -> tuple[bool, Content | None]:
        """Return whether this handler is for the push, and what it said."""
        captured = self.filter.match(push, ctx.now)
        if captured is None:
            return False, None
        known: dict[str, Any] = {**captured, "ctx": ctx, **dict.fromkeys(_PUSH_NAMES, push)}
        try:
            said = self.function(**{name: known[name] for name in self.wants})
        except Asking as asking:
            ctx.asked(self.name, push)
            said = asking.question
        return True, None if said is None else content_of(said)


def _handler(match: Filter, function: Callable[..., Said]) -> Handler:
    """Bind a function, refusing at once one that asks for something no push will bring."""
    wants = tuple(inspect.signature(function).parameters)
    known = {*match.names, "ctx", *_PUSH_NAMES}
    if unknown := [name for name in wants if name not in known]:
        raise TypeError(
            f"handler {function.__name__} asks for {', '.join(unknown)}; it can have {', '.join(sorted(known))}"
        )
    return Handler(match, function, wants)


class Bot:
    """Handlers in the order they were added.

    A handler takes, by name, `message` (or `event`, or `push`), `ctx`, and the named groups of its
    pattern, and returns a text, any content, or None for silence.

    A `quick` bot answers from memory, also where its filters are asked: it runs on the webhook's own thread, which
    costs a fifth less CPU a push, and a handler of it that takes longer than the platform waits is not handed off.

    A user whom a handler asks (`ctx.ask`) leaves the dialogue with one of the words `leave`, and hears `left`.
    """

    def __init__(
        self, *, quick: bool = False, leave: Collection[str] = ("取消", "cancel"), left: str = "已取消。"
    ) -> None:
        self.quick = quick
        self._leave, self._left = frozenset(leave), left
        self._handlers: list[Handler] = []
        self._defaults: list[Handler] = []
        self.hooks = Hooks()

    def on(self, match: Filter) -> Callable[[HandlerFunction], HandlerFunction]:
        """Register a handler for a filter: `@bot.on(text("hi") | click("HI"))`."""

        def register(function: HandlerFunction) -> HandlerFunction:
            self._handlers.append(_handler(match, function))
            return function

        return register

    def text(self, pattern: str | None = None) -> Callable[[HandlerFunction], HandlerFunction]:
        """Register a handler for texts that fit a regular expression as a whole, or for all."""
        return self.on(filters.text(pattern))

    def click(self, key: str) -> Callable[[HandlerFunction], HandlerFunction]:
        """Register a handler for a menu key."""
        return self.on(filters.click(key))

    def event(self, name: str) -> Callable[[HandlerFunction], HandlerFunction]:
        """Register a handler for an event by the platform's name."""
        return self.on(filters.event(name))

    def image(self, function: HandlerFunction) -> HandlerFunction:
        """Register a handler for pictures."""
        return self.on(filters.message("image"))(function)

    def voice(self, function: HandlerFunction) -> HandlerFunction:
        """Register a handler for voice notes."""
        return self.on(filters.message("voice"))(function)

    def video(self, function: HandlerFunction) -> HandlerFunction:
        """Register a handler for videos and short clips."""
        return self.on(filters.message("video") | filters.message("shortvideo"))(function)

    def location(self, function: HandlerFunction) -> HandlerFunction:
        """Register a handler for places that a user sends."""
        return self.on(filters.message("location"))(function)

    def link(self, function: HandlerFunction) -> HandlerFunction:
        """Register a handler for links."""
        return self.on(filters.message("link"))(function)

    def subscribe(self, function: HandlerFunction) -> HandlerFunction:
        """Register a handler for new followers."""
        return self.on(filters.event("subscribe"))(function)

    def unsubscribe(self, function: HandlerFunction) -> HandlerFunction:
        """Register a handler for those who leave; nothing can be sent to them."""
        return self.on(filters.event("unsubscribe"))(function)

    def scan(self, function: HandlerFunction) -> HandlerFunction:
        """Register a handler for followers who scan a QR code."""
        return self.on(filters.event("SCAN"))(function)

    def default(self, function: HandlerFunction) -> HandlerFunction:
        """Register a handler for messages that no other is for (events stay unanswered)."""
        everything_written = filters.where(lambda push: push.MsgType.lower() != "event")
        self._defaults.append(_handler(everything_written, function))
        return function

    def after_push(self, function: Callable[[PushHandled], Any]) -> Callable[[PushHandled], Any]:
        """Register what hears of each push once it is handled and on disk; the push does not wait for it."""
        self.hooks.push.append(function)
        return function

    def after_follow_up(self, function: Callable[[FollowUpChanged], Any]) -> Callable[[FollowUpChanged], Any]:
        """Register what hears of each follow-up that a sender has done something with, once that is on disk."""
        self.hooks.follow_up.append(function)
        return function

    def include(self, other: "Bot") -> None:
        """Add another bot's handlers, defaults and hooks, each after ours; quick are only both together."""
        self.quick = self.quick and other.quick
        self._handlers += other._handlers
        self._defaults += other._defaults
        self.hooks.push += other.hooks.push
        self.hooks.follow_up += other.hooks.follow_up

    def fits(self, push: Push, now: float) -> bool:
        """Return whether a handler is for this push at a moment; none is called."""
        return any(one.filter.match(push, now) is not None for one in [*self._handlers, *self._defaults])

    @property
    def about(self) -> str:
        """How much this bot knows, for `wxbot doctor`."""
        return f"{len(self._handlers)} handlers, {len(self._defaults)} defaults"

    def answer(self, push: Push, ctx: Context) -> Content | None:
        """Return what the first fitting handler says, None for silence; what it raises is passed on.

        A message of a user who was asked goes to the handler that asked.
        """
        handlers = [*self._handlers, *self._defaults]
        unfinished = ctx.unfinished if isinstance(push, Message) else None
        if unfinished is not None:
            ctx.finished()  # unless the handler asks once more
            if isinstance(push, TextMessage) and push.Content.strip().lower() in self._leave:
                return content_of(self._left) if self._left else None
            asking = [one for one in handlers if one.name == unfinished.handler]
            ctx.hear([*unfinished.answers, *([push.Content] if isinstance(push, TextMessage) else [])])
            fits, said = _first(asking, unfinished.push, ctx)
            if fits:
                return said
            ctx.hear([])  # a deploy took that handler away: the message is one like any other
        return _first(handlers, push, ctx)[1]


def _first(handlers: Iterable[Handler], push: Push, ctx: Context) -> tuple[bool, Content | None]:
    """Return whether one of these was for the push, and what the first such one said."""
    for handler in handlers:
        fits, said = handler.try_answer(push, ctx)
        if fits:
            return True, said
    return False, None
