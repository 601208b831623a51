"""`wxbot menu` against the simulated platform: shown, compared, pushed as a whole or not at all, and tapped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flow.stage import Stage, staged
from flow.test_commands import invoke
from wxbot.reply.bot import Bot

FILE = """
[[button]]
name = "状态"
type = "click"
key = "STATUS"

[[conditional]]
matchrule = { client_platform_type = 2 }
[[conditional.button]]
name = "安卓"
type = "click"
key = "ANDROID"
"""
RULES = """
[[rule]]
match = { menu = ["STATUS", "ANDROID"] }
reply = "好的"
"""


@pytest.fixture
def stage(database: Path) -> Iterator[Stage]:
    bot = Bot()
    bot.click("STATUS")(lambda: "准点")
    bot.click("SCAN")(lambda event: event.ScanResult)
    with staged(f"sqlite:///{database}", bot, sending=False) as one:
        yield one


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "rules.toml").write_text(RULES, "utf-8")
    path = tmp_path / "menu.toml"
    path.write_text(FILE, "utf-8")
    return path


def menu(stage: Stage, *arguments: str, file: Path | None = None, status: int = 0) -> str:
    rules = {"WXBOT_RULES": str(file.with_name("rules.toml"))} if file else {}
    done = invoke(stage, "menu", *arguments, *([str(file)] if file else []), **rules)
    assert done.exit_code == status, done.output
    return done.output


def platform(stage: Stage) -> dict[str, Any]:
    return dict(json.loads(menu(stage, "show", "--json")))


def test_a_file_is_compared_pushed_shown_on_the_phone_and_tapped(stage: Stage, file: Path) -> None:
    assert "there is no menu" in menu(stage, "show")
    assert "[default] added\n  +状态  click  key=STATUS" in menu(stage, "diff", file=file)
    assert menu(stage, "push", file=file).splitlines() == [
        "made the default menu",
        "made the menu for client_platform_type = 2",
    ]
    assert "nothing: the platform has these menus" in menu(stage, "diff", file=file)
    assert "nothing to do" in menu(stage, "push", file=file)
    assert "[client_platform_type = 2]\n  安卓  click  key=ANDROID" in menu(stage, "show")

    user = stage.user()
    assert stage.get(f"/sim/users/{user}/phone")["menu"][0]["key"] == "STATUS"
    stage.post(f"/sim/users/{user}/actions", {"type": "text", "content": "hi"})
    assert stage.act(user, "CLICK", event_key="STATUS")["reply"]["text"] == "准点"


def test_a_tap_on_a_button_that_scans_reaches_the_handler_of_its_key(stage: Stage) -> None:
    told = stage.act(stage.user(), "scancode_waitmsg", event_key="SCAN", scan_result="CA1501")

    assert told["reply"]["text"] == "CA1501"


def test_a_push_replaces_what_changed_and_removes_what_is_gone(stage: Stage, file: Path) -> None:
    menu(stage, "push", file=file)
    before = platform(stage)["conditional"][0]["menuid"]
    file.write_text(FILE.replace("安卓", "手机"), "utf-8")
    assert menu(stage, "push", file=file).splitlines() == [
        "made the menu for client_platform_type = 2",
        "removed the old menu for client_platform_type = 2",
    ]
    [now] = platform(stage)["conditional"]
    assert now["menuid"] != before
    file.write_text(FILE[: FILE.index("[[conditional]]")].replace("状态", "航班"), "utf-8")
    assert json.loads(menu(stage, "push", "--json", file=file)) == {
        "done": ["replaced the default menu", "removed the old menu for client_platform_type = 2"]
    }
    assert platform(stage)["conditional"] == []


@pytest.mark.parametrize("path", ["menu/create", "menu/addconditional"])
def test_a_push_that_fails_leaves_the_menus_as_they_were(stage: Stage, file: Path, path: str) -> None:
    menu(stage, "push", file=file)
    before = platform(stage)
    file.write_text(FILE.replace("安卓", "手机").replace("状态", "航班"), "utf-8")
    stage.fault("errcode", f"/cgi-bin/{path}", 1, errcode=45009)

    told = menu(stage, "push", file=file, status=1)

    assert "the platform refused it: 45009" in told
    assert platform(stage) == before


def test_a_first_push_that_fails_leaves_no_menu(stage: Stage, file: Path) -> None:
    stage.fault("errcode", "/cgi-bin/menu/addconditional", 1, errcode=65305)

    told = menu(stage, "push", file=file, status=1)

    assert "taken back: the default menu" in told
    assert "there is no menu" in menu(stage, "show")


def test_a_menu_that_was_made_though_its_answer_was_lost_goes_with_the_next_push(stage: Stage, file: Path) -> None:
    menu(stage, "push", file=file)
    file.write_text(FILE.replace("安卓", "手机"), "utf-8")
    stage.fault("accept_then_http502", "/cgi-bin/menu/addconditional", 1)
    assert "no usable answer" in menu(stage, "push", file=file, status=1)
    assert len(platform(stage)["conditional"]) == 2

    menu(stage, "push", file=file)

    assert [one["buttons"][0]["name"] for one in platform(stage)["conditional"]] == ["手机"]
    assert "nothing: the platform has these menus" in menu(stage, "diff", file=file)


def test_what_cannot_be_taken_back_is_told_and_mended_by_another_push(stage: Stage, file: Path) -> None:
    stage.fault("errcode", "/cgi-bin/menu/addconditional", 1, errcode=65305)
    stage.fault("errcode", "/cgi-bin/menu/delete", 1, errcode=45009)

    assert "could not be taken back: the default menu; push again" in menu(stage, "push", file=file, status=1)
    assert menu(stage, "push", file=file) == "made the menu for client_platform_type = 2\n"


def test_a_wrong_file_is_not_pushed_and_a_key_that_nothing_is_for_is_told(stage: Stage, file: Path) -> None:
    file.write_text(f'{FILE}[[conditional.button]]\nname = "x"\ntype = "click"\nkey = "LOST"\n', "utf-8")
    assert "is 'LOST', and neither a handler nor a rule is for it" in menu(stage, "check", file=file)
    assert "'LOST'" in menu(stage, "push", file=file)
    file.write_text(FILE.replace('"click"', '"clik"'), "utf-8")
    assert "menu.toml:4: button[1].type is 'clik'; did you mean click?" in menu(stage, "push", file=file, status=2)
    assert len(json.loads(menu(stage, "check", "--json", file=file, status=2))["mistakes"]) == 2
    assert platform(stage)["buttons"][0]["key"] == "STATUS"
