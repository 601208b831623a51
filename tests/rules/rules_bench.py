"""Pushes as the platform sends them, and a bot's answer to one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from wxbot.protocol.content import Content, Text
from wxbot.protocol.inbound import read
from wxbot.protocol.messages import Push
from wxbot.protocol.outgoing import FollowUp, summary
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context
from wxbot.reply.plan import PlanChange
from wxbot.reply.rules import load_rules

BEIJING = ZoneInfo("Asia/Shanghai")
OPENID = "oUser-1"


def beijing(text: str) -> float:
    """Return the Unix second of `2026-11-25 07:00` on Beijing's clocks."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).timestamp()


SEVEN = beijing("2026-11-25 07:00")


def push(**fields: str) -> Push:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    head = f"<ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>1</CreateTime>"
    return read(f"<xml>{head}{inner}</xml>".encode())


def text(content: str) -> Push:
    return push(MsgType="text", Content=content, MsgId="1")


def event(name: str, key: str = "") -> Push:
    return push(MsgType="event", Event=name, EventKey=key)


@dataclass(frozen=True)
class Answered:
    """What a bot said to one push, and what it will say later."""

    reply: Content | None
    follow_ups: list[FollowUp]
    plan_changes: list[PlanChange]
    now: float
    subscriptions: dict[str, bool]

    @property
    def text(self) -> str | None:
        return self.reply.content if isinstance(self.reply, Text) else None

    @property
    def later(self) -> list[tuple[float, str]]:
        """When and what, as a person sees it, the next one first."""
        return [(one.due_at, summary(one.message, 4000)) for one in self.wanted]

    @property
    def wanted(self) -> list[FollowUp]:
        """What is to be sent, by itself or as a step of a plan that nobody has moved yet."""
        return sorted([*self.follow_ups, *self._steps()], key=lambda one: one.due_at)

    def _steps(self) -> Iterator[FollowUp]:
        for change in self.plan_changes:
            assert change.plan is not None
            assert change.moment is not None
            told = change.plan.told(change.topic, change.moment, change.facts)
            for step in change.plan.steps:
                due_at = step.due_at(change.moment, change.facts)
                if due_at > self.now:
                    yield step.follow_up(told, due_at, self.now, change.topic)


def ask(bot: Bot, push: Push, now: float = SEVEN) -> Answered:
    ctx = Context("default", OPENID, now, lambda: "{}")
    return Answered(bot.answer(push, ctx), ctx.follow_ups, ctx.plan_changes, now, ctx.subscriptions)


def written(folder: Path, toml: str) -> Path:
    file = folder / "rules.toml"
    file.write_text(toml, "utf-8")
    return file


def bot_of(folder: Path, toml: str) -> Bot:
    return load_rules(written(folder, toml))
