"""The five-second wall: handlers run on a bounded pool, and the webhook waits only so long.

Source: docs/platform.md §1.6.
"""

import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from wxbot.protocol.content import Content, Text
from wxbot.protocol.messages import Push
from wxbot.protocol.outgoing import FollowUp
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context
from wxbot.reply.files import shown
from wxbot.reply.hooks import Telling
from wxbot.reply.plan import PlanChange

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a handler wants: its reply, follow-ups, session (JSON, None when unchanged), subscriptions, plans.

    `error` is the traceback of one that raised; then the reply is the apology, without effects.
    """

    reply: Content | None
    follow_ups: tuple[FollowUp, ...] = ()
    session: str | None = None
    subscriptions: Mapping[str, bool] = field(default_factory=dict)  # topic: wanted or no longer
    plan_changes: Sequence[PlanChange] = ()
    error: str = ""


class Answering:
    """Runs a bot's handlers. `budget` is the seconds the webhook waits before it hands a push off."""

    def __init__(self, bot: Bot, *, threads: int, budget: float, apology: str) -> None:
        self.budget = budget
        self._bot = bot
        self._apology = Text(apology) if apology else None
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="handler")
        self.tell = Telling(bot.hooks).tell

    def start(self, push: Push, ctx: Context) -> "Future[Answer]":
        """Begin to answer, or do it at once when the bot is quick; the future never raises."""
        if not self._bot.quick:
            return self._pool.submit(self.answer, push, ctx)
        done: Future[Answer] = Future()
        done.set_result(self.answer(push, ctx))
        return done

    def answer(self, push: Push, ctx: Context) -> Answer:
        """Return what the bot wants for this push; a handler that raises is logged and apologised for."""
        try:
            reply = self._bot.answer(push, ctx)
            if reply is not None:
                reply = shown(ctx.shelf, reply, upload=not self._bot.quick)
            if ctx.shelf is not None:
                for file in ctx.files:
                    ctx.shelf.keep(file)
            return Answer(reply, tuple(ctx.follow_ups), ctx.changed_session(), ctx.subscriptions, ctx.plan_changes)
        except BaseException:  # the border of user code: also sys.exit() must not end us, and the user must hear
            log.exception("handler failed", action="handler_failed", account=ctx.account, openid=ctx.openid)
            return Answer(self._apology, error=traceback.format_exc())

    def give_up(self, error: str) -> Answer:
        """Return the answer to a push that nobody could handle: the apology."""
        return Answer(self._apology, error=error)
