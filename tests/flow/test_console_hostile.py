"""Users write what they like: every page of the console shows it, and none runs it."""

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from lxml import etree

from flow.console_bench import Person, person
from flow.hostile_texts import HOSTILE
from flow.stage import Stage, staged
from wxbot.protocol.wire import cdata
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context, after
from wxbot.store.migrate import migrate

USERS = [f"oUser{number}" for number in range(6)]
EACH = len(HOSTILE) // len(USERS)
# Pages by what they need to know: every page that can show what somebody wrote belongs here.
PAGES = [
    "/default/conversations",
    "/default/conversations?order=recent",
    *(f"/default/conversations/{openid}" for openid in USERS),
    *(f"/default/outbox?state=scheduled&before={last + 1}" for last in range(len(HOSTILE), 0, -50)),
    *(f"/default/outbox/{id}" for id in range(1, len(HOSTILE) + 1, 7)),
    "/default/calendar",
    "/default/charts",
    "/default/health",
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage on which all of it was written once, echoed, and waits in follow-ups."""
    url = f"sqlite:///{tmp_path_factory.mktemp('hostile') / 'wxbot.db'}"
    migrate(url)
    bot = Bot()

    @bot.text()
    def echo(message: object, ctx: Context) -> str:
        text = message.Content  # type: ignore[attr-defined]
        ctx.follow_up(text, at=after(days=1))
        return str(text)

    with staged(url, bot, sending=False) as stage:
        for number, text in enumerate(HOSTILE):
            at = int(stage.clock.now())
            push = (
                f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{USERS[number // EACH]}</FromUserName>"
                f"<CreateTime>{at}</CreateTime><MsgType>text</MsgType><Content>{cdata(text)}</Content>"
                f"<MsgId>{number + 1}</MsgId></xml>"
            )
            assert stage.deliver(push, stage.signed(nonce=str(number))).status_code == 200
        yield stage


@pytest.fixture(scope="module")
def ann(told: Stage) -> Person:
    return person(told)


def test_there_are_three_hundred_of_them() -> None:
    assert len(set(HOSTILE)) == 300


def harmful(page: str) -> list[str]:
    """What of a page could run, or ask another host."""
    found = []
    for node in etree.HTML(page).iter(etree.Element):
        attributes = {str(name).lower(): str(value) for name, value in node.attrib.items()}
        found += [f"{node.tag} {name}" for name in attributes if name.startswith("on") or name == "style"]
        found += [f"{node.tag} {name}" for name in attributes if name.startswith(("hx-on", "data-hx"))]
        if node.tag == "script":
            is_data = attributes.get("type") == "application/json"
            found += [] if is_data or _is_ours(attributes.get("src", "")) else ["script"]
        if node.tag in ("iframe", "object", "embed", "base", "svg", "math", "style"):
            found.append(node.tag)
        for name in ("href", "src", "action", "formaction", "hx-get", "data"):
            if not _is_inside(attributes.get(name, "")):
                found.append(f"{node.tag} {name}={attributes[name]}")
    return found


def _is_ours(src: str) -> bool:
    return src.startswith("/console/static/")


def _is_inside(address: str) -> bool:
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc


@pytest.mark.parametrize("path", PAGES)
def test_nothing_that_a_user_wrote_can_run(ann: Person, path: str) -> None:
    assert harmful(ann.page(path)) == []


def test_everything_a_user_wrote_is_shown_as_it_was_written(ann: Person) -> None:
    for number, openid in enumerate(USERS):
        page = ann.page(f"/default/conversations/{openid}")
        shown = "".join(str(one) for one in etree.HTML(page).itertext())
        for text in HOSTILE[number * EACH : (number + 1) * EACH]:
            for line in text.splitlines():
                assert line.strip() in shown


@pytest.mark.parametrize("number", range(0, 300, 7))
def test_nothing_that_is_searched_for_can_run(ann: Person, number: int) -> None:
    assert harmful(ann.page(f"/default/conversations?q={quote(HOSTILE[number])}")) == []
    assert harmful(ann.page(f"/default/outbox?topic={quote(HOSTILE[number])}")) == []
    assert harmful(ann.page(f"/audit?name={quote(HOSTILE[number])}&action={quote(HOSTILE[number])}")) == []


@pytest.mark.parametrize("number", range(0, 300, 7))
def test_an_answer_that_is_refused_comes_back_and_cannot_run(ann: Person, number: int) -> None:
    answer = ann.post(f"/default/conversations/{USERS[0]}", text=HOSTILE[number] + "x" * 2048, nonce="1")

    assert answer.status_code == 422
    assert harmful(answer.text) == []


@pytest.mark.parametrize("text", ["<script>x</script>", "<p onclick=x>", "<a href='//x.example'>", "<b style=x>"])
def test_what_could_run_would_be_found(text: str) -> None:
    assert harmful(f"<html><body>{text}</body></html>")
