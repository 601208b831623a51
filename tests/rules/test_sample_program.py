"""The typed program of `tests/sample_program.py`, which `mypy --strict` reads as a user's, also answers."""

import push_samples as samples
import pytest
import sample_program

from wxbot.protocol.content import Content, News, Text
from wxbot.protocol.inbound import read
from wxbot.reply.context import Context


def answer(body: bytes) -> tuple[Content | None, Context]:
    ctx = Context("default", "oUser", 1_800_000_000.0, lambda: "{}")
    return sample_program.bot.answer(read(body), ctx), ctx


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (samples.message("text", "<Content>CA1501</Content>"), Text("CA1501: 1")),
        (samples.message("text", "<Content>订座</Content>"), Text("几位？")),
        (samples.message("location"), Text("23.1, 113.3")),
        (samples.event("subscribe"), Text("欢迎，来自 7")),
        (samples.message("link"), None),
    ],
)
def test_it_answers(body: bytes, said: Content | None) -> None:
    assert answer(body)[0] == said


def test_it_welcomes_with_an_article_and_plans_a_journey() -> None:
    said, _ = answer(samples.event("subscribe", ""))
    _, ctx = answer(samples.message("text", "<Content>CA1501</Content>"))

    assert isinstance(said, News)
    assert [one.topic for one in ctx.plan_changes] == ["flight:CA1501"]
    assert ctx.follow_ups[0].key == "CA1501"
