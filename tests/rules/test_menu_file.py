"""The menu file: what is read, what is refused with its line, what is doubtful; and what differs between menus."""

from pathlib import Path

import pytest

from wxbot.errors import MenuError
from wxbot.protocol.menu import Conditional, Menu, changes, kept, of_answer
from wxbot.reply import filters
from wxbot.reply.bot import Bot
from wxbot.reply.menu_file import read_menu
from wxbot.reply.rules import load_rules

NOON = 1_800_000_000.0
GOOD = """
[[button]]
name = "航班"
[[button.sub_button]]
name = "状态"
type = "click"
key = "STATUS"
[[button.sub_button]]
name = "扫一扫"
type = "scancode_waitmsg"
key = "SCAN"

[[button]]
name = "官网"
type = "view"
url = "https://example.com/"

[[conditional]]
[conditional.matchrule]
tag_id = 2
[[conditional.button]]
name = "会员"
type = "click"
key = "VIP"
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "menu.toml"
    file.write_text(text, "utf-8")
    return file


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(MenuError) as told:
        read_menu(written(tmp_path, text), None, NOON)
    return [one.removeprefix(f"{tmp_path}/menu.toml:") for one in told.value.problems]


def test_a_file_becomes_what_the_platform_takes(tmp_path: Path) -> None:
    found = read_menu(written(tmp_path, GOOD), None, NOON)

    status = {"type": "click", "name": "状态", "key": "STATUS"}
    scan = {"type": "scancode_waitmsg", "name": "扫一扫", "key": "SCAN"}
    site = {"type": "view", "name": "官网", "url": "https://example.com/"}
    vip = Conditional([{"type": "click", "name": "会员", "key": "VIP"}], {"tag_id": "2"})
    assert found.menu == Menu([{"name": "航班", "sub_button": [status, scan]}, site], [vip])
    assert found.doubts == []


BUTTON = '[[button]]\nname = "{name}"\ntype = "click"\nkey = "K"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1: button has 0 buttons; here are 1 to 3"),
        (BUTTON.format(name="a") * 4, "1: button has 4 buttons; here are 1 to 3"),
        (BUTTON.format(name="六个汉字超了"), "2: button[1].name has 18 bytes; here are at most 16"),
        (BUTTON.format(name=" "), "2: button[1].name needs a name that is not blank"),
        ('[[button]]\ntype = "click"\nkey = "K"', "1: button[1] needs a name that is not blank"),
        ('[[button]]\nname = 1\ntype = "click"\nkey = "K"', "2: button[1].name is not a text"),
        ('[[button]]\nname = "a"', "1: button[1] needs a type (click, view"),
        ('[[button]]\nname = "a"\ntype = "clik"\nkey = "K"', "3: button[1].type is 'clik'; did you mean click?"),
        ('[[button]]\nname = "a"\ntype = "click"', "1: button[1] click needs key"),
        ('[[button]]\nname = "a"\ntype = "click"\nkey = ""', "4: button[1].key click needs key"),
        ('[[button]]\nname = "a"\ntype = "click"\nurl = "https://a"', "4: button[1].url is not known"),
        (f'[[button]]\nname = "a"\ntype = "click"\nkey = "{"k" * 129}"', "4: button[1].key has 129 bytes"),
        ('[[button]]\nname = "a"\ntype = "view"\nurl = "example.com"', "4: button[1].url is 'example.com'"),
        (
            '[[button]]\nname = "a"\ntype = "miniprogram"\nurl = "https://a"\npagepath = "p"',
            "miniprogram needs appid",
        ),
        ('[[button]]\nname = "a"\ntype = "media_id"', "1: button[1] media_id needs media_id"),
        ('[[button]]\nname = "a"\nsub_button = []', "3: button[1].sub_button has 0 buttons; here are 1 to 5"),
        (
            '[[button]]\nname = "a"\n' + '[[button.sub_button]]\nname = "b"\ntype = "click"\nkey = "K"\n' * 6,
            "3: button[1].sub_button has 6 buttons; here are 1 to 5",
        ),
        (
            f'[[button]]\nname = "a"\n[[button.sub_button]]\nname = "{"b" * 61}"\ntype = "click"\nkey = "K"\n',
            "4: button[1].sub_button[1].name has 61 bytes; here are at most 60",
        ),
        (
            '[[button]]\nname = "a"\ntype = "click"\n[[button.sub_button]]\nname = "b"\ntype = "view"\nurl = "https://a"',
            "3: button[1].type is not known",
        ),
        (f"{GOOD}[[conditional]]\n[conditional.matchrule]\ntag_id = 3", "conditional[2].button has 0 buttons"),
        (GOOD.replace("tag_id = 2", ""), "19: conditional[1].matchrule needs one of tag_id, client_platform_type"),
        (GOOD.replace("tag_id = 2", "sex = 1"), "20: conditional[1].matchrule.sex is not known"),
        (GOOD.replace("tag_id = 2", 'tag_id = "vip"'), "20: conditional[1].matchrule.tag_id is not a whole number"),
        (GOOD.replace("tag_id = 2", "client_platform_type = 4"), "is none of 1 (iOS), 2 (Android) and 3 (others)"),
        (GOOD + GOOD[GOOD.index("[[conditional]]") :], "is for tag_id = 2, as conditional[1] is"),
        (GOOD.replace("tag_id", "tag"), "20: conditional[1].matchrule.tag is not known; did you mean"),
        ("button = 1", "1: button is not a list"),
        ("[[buton]]\nname = 'a'", "1: buton is not known; did you mean button?"),
        ("[[button]\n", "1: "),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    found = mistakes(tmp_path, text)

    assert [one for one in found if told in one], found


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    assert len(mistakes(tmp_path, BUTTON.format(name="") * 2 + "[[conditional]]\n")) == 4


def test_conditional_menus_lead_to_three_hosts_at_most(tmp_path: Path) -> None:
    links = "".join(
        f'[[conditional.button]]\nname = "{n}"\ntype = "view"\nurl = "https://{n}.example.com/"\n' for n in range(3)
    )
    one = f"{GOOD}[[conditional]]\n[conditional.matchrule]\ntag_id = 3\n{links}"
    more = f"{one}[[conditional]]\n[conditional.matchrule]\ntag_id = 4\n{links.replace('.com', '.org')}"

    assert read_menu(written(tmp_path, one), None, NOON).doubts == []
    assert "leads to 6 hosts" in mistakes(tmp_path, more)[0]


def test_a_key_that_nothing_is_for_is_doubtful(tmp_path: Path) -> None:
    bot = Bot()
    bot.click("STATUS")(lambda: "ok")
    bot.default(lambda: "a menu tap is no message")

    assert [one.split("menu.toml:")[1] for one in read_menu(written(tmp_path, GOOD), bot, NOON).doubts] == [
        "11: button[1].sub_button[2].key is 'SCAN', and neither a handler nor a rule is for it",
        "24: conditional[1].button[1].key is 'VIP', and neither a handler nor a rule is for it",
    ]


@pytest.mark.parametrize("name", ["scancode_waitmsg", "SCANCODE_WAITMSG"])
def test_a_handler_of_all_events_of_a_type_is_for_their_keys(tmp_path: Path, name: str) -> None:
    bot = Bot()
    bot.event("CLICK")(lambda: "ok")
    bot.event(name)(lambda: "ok")

    assert read_menu(written(tmp_path, GOOD), bot, NOON).doubts == []


def test_a_rule_that_holds_for_an_hour_of_the_day_is_for_its_key(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    match = 'match = { menu = ["STATUS", "SCAN", "VIP"], hours = "03:00-04:00" }'
    rules.write_text(f'[[rule]]\n{match}\nreply = "好"\n', "utf-8")

    assert read_menu(written(tmp_path, GOOD), load_rules(rules), NOON).doubts == []


def test_a_filter_of_the_users_own_that_raises_is_given_the_benefit_of_the_doubt(tmp_path: Path) -> None:
    bot = Bot()
    bot.on(filters.where(lambda push: push.fields["NoSuch"] == "x"))(lambda: "ok")

    assert read_menu(written(tmp_path, GOOD), bot, NOON).doubts == []


def test_a_name_that_a_phone_cuts_is_doubtful(tmp_path: Path) -> None:
    [told] = read_menu(written(tmp_path, BUTTON.format(name="五个汉字啊")), None, NOON).doubts

    assert "2: button[1].name is longer than the 4 Chinese characters a phone shows" in told


def click(name: str = "a", key: str = "K") -> dict[str, str]:
    return {"type": "click", "name": name, "key": key}


def vip(tag: int, key: str = "K") -> Conditional:
    return Conditional([click(key=key)], {"tag_id": str(tag)})


def test_what_the_platform_answers_is_read_without_what_is_empty_and_newest_first() -> None:
    buttons = [{**click(), "sub_button": []}]
    old = {"button": buttons, "matchrule": {"group_id": 2, "sex": "", "language": ""}, "menuid": 9}
    new = {"button": buttons, "matchrule": {"client_platform_type": "1"}, "menuid": 10}

    found = of_answer({"menu": {"button": buttons}, "conditionalmenu": [old, new]})

    assert found.buttons == [click()]
    assert [(one.menuid, one.matchrule) for one in found.conditional] == [
        ("10", {"client_platform_type": "1"}),
        ("9", {"tag_id": "2"}),
    ]
    assert of_answer({"menu": 1, "conditionalmenu": [2]}) == Menu([], [])


def test_a_menu_is_changed_added_or_removed_and_says_how() -> None:
    ours = Menu([click(key="NEW")], [vip(1), vip(3)])
    theirs = Menu([click(key="OLD")], [vip(1), vip(2)])

    assert [(one.menu, one.what, one.lines) for one in changes(ours, theirs)] == [
        ("default", "changed", ["-a  click  key=OLD", "+a  click  key=NEW"]),
        ("tag_id = 3", "added", ["+a  click  key=K"]),
        ("tag_id = 2", "removed", ["-a  click  key=K"]),
    ]
    assert changes(ours, ours) == []


def test_another_order_of_conditional_menus_is_a_change() -> None:
    [change] = changes(Menu([click()], [vip(1), vip(2)]), Menu([click()], [vip(2), vip(1)]))

    assert change.menu == "the order of conditional menus"


@pytest.mark.parametrize(
    ("ours", "theirs", "stay"),
    [
        ([], [], 0),
        ([vip(1)], [vip(1)], 1),
        ([vip(3), vip(1)], [vip(1)], 1),  # a new one in front of one that is there
        ([vip(1), vip(3)], [vip(1)], 0),  # behind it: it must be older, so both are made anew
        ([vip(1)], [vip(2), vip(1)], 1),
        ([vip(1)], [vip(1), vip(2)], 0),
        ([vip(2, "NEW"), vip(1)], [vip(2), vip(1)], 1),
    ],
)
def test_conditional_menus_stay_as_far_as_their_order_allows(
    ours: list[Conditional], theirs: list[Conditional], stay: int
) -> None:
    assert kept(ours, theirs) == stay
