"""The documentation is true: its code runs, and nothing that exists is missing from it."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

import wxbot
from flow.stage import text_push
from wxbot.cli import COMMANDS
from wxbot.cli.journey import EXPECTED
from wxbot.examples import flight
from wxbot.protocol.content import Content, Text
from wxbot.protocol.inbound import read
from wxbot.protocol.menu import FIELDS
from wxbot.protocol.standard_webhook import signed_headers
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context
from wxbot.reply.menu_file import read_menu
from wxbot.settings import VARIABLES, Account, ConsoleSettings, RetentionSettings, SenderSettings, Settings, load
from wxbot.topic_settings import TopicSettings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def bot_in(page: str) -> Bot:
    [code] = PYTHON.findall((ROOT / page).read_text("utf-8"))
    scope: dict[str, object] = {}
    exec(compile(code, page, "exec"), scope)
    bot = scope["bot"]
    assert isinstance(bot, Bot)
    return bot


def say(bot: Bot, text: str) -> tuple[Content | None, Context]:
    ctx = Context("default", "oUser", 1_800_000_000.0, lambda: "{}")
    return bot.answer(read(text_push(text).encode()), ctx), ctx


def test_the_bot_in_the_readme_runs_in_ten_lines() -> None:
    [code] = PYTHON.findall((ROOT / "README.md").read_text("utf-8"))
    reply, ctx = say(bot_in("README.md"), "CA1501")

    assert reply == Text("CA1501 计划 14:05 起飞，准点")
    assert [one.due_at for one in ctx.follow_ups] == [1_800_007_200.0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("gate c23", "登机口 C23"),
        ("提醒我", "好的"),
        ("退订上海天气", "已退订上海天气"),
        ("数一数", "第 1 次"),
        ("?", "没看懂"),
    ],
)
def test_the_bot_in_the_guide_runs(said: str, answered: str) -> None:
    assert say(bot_in("docs/bots.md"), said)[0] == Text(answered)


def test_the_conversation_in_the_readme_is_the_one_the_demo_plays() -> None:
    [shown] = re.findall(r"```\n(11-25.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)

    assert set(shown.splitlines()) <= set(EXPECTED)


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def fallback(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", (DOCS / "fallback.md").read_text("utf-8"), re.DOTALL)
    return str(found)


def test_the_settings_of_the_fallback_are_read_without_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "wxbot.toml").write_text(fallback("toml"), "utf-8")
    secrets = {"WXBOT_TOKEN": "t", "WXBOT_APPSECRET": "s", "WXBOT_FALLBACK_WEBHOOK_SECRET": SECRET}
    more = {"WXBOT_APPID": "wx0123456789abcdef", "WXBOT_MODE": "plain"}

    using = load({"WXBOT_CONFIG": str(tmp_path / "wxbot.toml"), **secrets, **more})

    assert list(using.account.topics) == ["flight:*", "*"]


@pytest.mark.parametrize(
    ("now", "name", "value", "genuine"),
    [
        (1_800_000_200, "webhook-id", "wxbot-1", True),
        (1_800_000_200, "webhook-id", "wxbot-2", False),
        (1_800_000_400, "webhook-id", "wxbot-1", False),
    ],
)
def test_the_receiver_in_the_guide_knows_what_is_ours(now: int, name: str, value: str, genuine: bool) -> None:
    scope: dict[str, Any] = {}
    exec(compile(fallback("python"), "docs/fallback.md", "exec"), scope)
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    body = fallback("json").encode()
    headers = {**signed_headers(key, "wxbot-1", 1_800_000_000, body), name: value}

    assert scope["is_genuine"](SECRET, headers, body, now) is genuine


@pytest.mark.parametrize("page", ["docs/menus.md", "config/menu.toml"])
def test_a_menu_that_is_shown_is_one_without_doubt(page: str, tmp_path: Path) -> None:
    text = (ROOT / page).read_text("utf-8")
    (tmp_path / "menu.toml").write_text("".join(TOML.findall(text)) or text, "utf-8")
    bot = flight.bot if page.startswith("config") else None

    assert read_menu(tmp_path / "menu.toml", bot, 1_800_000_000.0).doubts == []


def test_every_type_of_button_and_what_it_needs_is_documented() -> None:
    rows = [line for line in (DOCS / "menus.md").read_text("utf-8").splitlines() if line.startswith("| `")]

    missing = [
        (kind, field)
        for kind, fields in FIELDS.items()
        for field in fields
        if not any(f"`{kind}`" in row.split("|")[1] and f"`{field}`" in row.split("|")[2] for row in rows)
    ]
    assert missing == []


def test_every_command_has_its_heading() -> None:
    headings = set(re.findall(r"^## wxbot (\w+)$", (DOCS / "commands.md").read_text("utf-8"), re.MULTILINE))

    assert headings == set(COMMANDS)


def test_every_setting_and_every_variable_is_documented() -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    models = (Settings, Account, SenderSettings, ConsoleSettings, RetentionSettings, TopicSettings)
    tables = {"account", "accounts", "sender", "retention", "console"}
    keys = {name for model in models for name in model.model_fields} - tables

    assert [key for key in keys if f"`{key}`" not in text] == []
    assert [name for name in VARIABLES if f"`{name}`" not in text] == []
    assert set(re.findall(r"`(WXBOT_[A-Z_]+)`", text)) - {"WXBOT_CONFIG"} == set(VARIABLES)


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{path.name}" for path in DOCS.glob("*.md"))])
def test_every_link_leads_somewhere(page: str) -> None:
    file = ROOT / page
    targets = re.findall(r"\]\(([^)#]+)\)", file.read_text("utf-8"))

    assert [target for target in targets if "//" not in target and not (file.parent / target).exists()] == []


def test_the_promised_names_are_sorted_and_there() -> None:
    assert wxbot.__all__ == sorted(wxbot.__all__)
    assert all(hasattr(wxbot, name) for name in wxbot.__all__)
