"""One rule of the rules file, ready to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from wxbot.protocol.content import Content
from wxbot.protocol.events import Event, ScanEvent, SubscribeEvent
from wxbot.protocol.messages import Push, TextMessage
from wxbot.reply.context import Context
from wxbot.reply.filters import Filter
from wxbot.reply.rule_content import Says
from wxbot.reply.rule_follow_up import Later, dates
from wxbot.reply.rule_plan import Runs
from wxbot.reply.rule_topics import Topics
from wxbot.reply.toml_table import Table

# The names that every push fills.
PUSHED = frozenset({"openid", "content", "event_key", "scene", "date", "month_day", "next_date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule; `match` is None for a default one, `table` is what the file says, `fixed` its [values]."""

    table: Table
    priority: int
    match: Filter | None
    reply: Says | None
    follow_ups: Sequence[Later]
    runs: Runs | None
    topics: Topics
    fixed: Mapping[str, str]
    zone: ZoneInfo

    def answer(self, push: Push, ctx: Context) -> Content | None:
        """Return the reply to a push that fits, and ask `ctx` for what is to follow."""
        captured = (self.match and self.match.match(push, ctx.now)) or {}
        values = {**self.fixed, **_pushed(push), **captured, "openid": ctx.openid}
        for later in self.follow_ups:
            later.add(ctx, values)
        if self.runs is not None:
            self.runs.add(ctx, values)
        today = dates(datetime.fromtimestamp(ctx.now, self.zone))
        self.topics.add(ctx, {**values, **today})
        return self.reply.content({**values, **today}) if self.reply else None


def _pushed(push: Push) -> dict[str, str]:
    return {
        "content": push.Content if isinstance(push, TextMessage) else "",
        "event_key": push.EventKey if isinstance(push, Event) else "",
        "scene": push.scene if isinstance(push, SubscribeEvent | ScanEvent) else "",
    }
