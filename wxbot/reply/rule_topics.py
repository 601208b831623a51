"""What a rule subscribes a user to, and what it ends: `subscribe` and `unsubscribe` of the rules file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from wxbot.errors import InvalidMessage
from wxbot.protocol.topic import check_topic
from wxbot.reply.context import Context
from wxbot.reply.rule_content import Names, parse_text
from wxbot.reply.toml_table import Table
from wxbot.template import Template

log = structlog.get_logger(__name__)

KEYS = ("subscribe", "unsubscribe")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of a rule, each with places for values."""

    subscribe: Sequence[Template]
    unsubscribe: Sequence[Template]

    def add(self, ctx: Context, values: Mapping[str, str]) -> None:
        """Ask `ctx` for them, the ends first; a topic that comes out impossible is left out."""
        for change, topics in ((ctx.unsubscribe, self.unsubscribe), (ctx.subscribe, self.subscribe)):
            for topic in topics:
                ask(change, topic.render(values), ctx)


def ask(change: Callable[[str], None], topic: str, ctx: Context) -> bool:
    """Ask for a topic; False for one that is impossible, as a user wrote what is in it: logged and left out."""
    try:
        change(topic)
    except InvalidMessage as exc:
        log.warning(
            "no such topic", action="rule_topic_skipped", account=ctx.account, openid=ctx.openid, why=str(exc)
        )
        return False
    return True


def read_topics(table: Table, names: Names) -> Topics:
    """Return the topics of a rule; what can never be right is noted."""
    subscribe, unsubscribe = (_read(table, key, names) for key in KEYS)
    return Topics(subscribe, unsubscribe)


def _read(table: Table, key: str, names: Names) -> list[Template]:
    texts = table.texts(key)
    is_list = isinstance(table.values.get(key), list)
    wrongs = [
        partial(table.wrong_item, key, n) if is_list else partial(table.wrong, key) for n in range(len(texts))
    ]
    return [_template(text, names, wrong) for text, wrong in zip(texts, wrongs, strict=True)]


def _template(text: str, names: Names, wrong: Callable[[str], None]) -> Template:
    found = parse_text(text, names, wrong)
    check_sample(found, names, wrong)
    return found


def check_sample(topic: Template, names: Names, wrong: Callable[[str], None]) -> None:
    """Note a topic that can never be one, whatever a user writes."""
    try:
        check_topic(topic.render(names.sample))
    except InvalidMessage as exc:
        wrong(f"can be no topic: {exc}")
