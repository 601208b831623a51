"""Whether what the settings send by template fits the account's templates."""

import pytest

from wxbot import template
from wxbot.protocol.notice import Notice
from wxbot.protocol.private_templates import mistakes, notifications_of, templates_of

TEMPLATES = {
    "template_list": [
        {
            "template_id": "T1",
            "title": "航班提醒",
            "content": "航班:{{thing1.DATA}}\n时间:{{time2.DATA}}\n",
            "example": "x",
        },
        {"template_id": "OLD", "title": "旧", "content": "{{first.DATA}}\n{{keyword1.DATA}}"},
        {"template_id": None},
        "odd",
    ]
}
NOTIFICATIONS = {
    "data": [
        {
            "priTmplId": "S1",
            "title": "登机",
            "content": "地点:{{enum_string2.DATA}}",
            "keywordEnumValueList": [{"keywordCode": "enum_string2", "enumValueList": ["客厅", "厨房"]}],
        }
    ]
}
KNOWN = [*templates_of(TEMPLATES), *notifications_of(NOTIFICATIONS)]


def notice(id: str, **data: str) -> Notice:
    return Notice(id, "", {name: template.parse(text) for name, text in data.items()})


def test_answers_are_read_and_what_is_odd_in_them_is_left_out() -> None:
    assert [(one.id, one.kind, one.fields) for one in KNOWN] == [
        ("T1", "template", ["thing1", "time2"]),
        ("OLD", "template", ["first", "keyword1"]),
        ("", "template", []),
        ("S1", "subscription", ["enum_string2"]),
    ]
    assert templates_of({"template_list": 1}) == notifications_of({}) == []


@pytest.mark.parametrize(
    ("kind", "wanted", "told"),
    [
        ("template", notice("T1", thing1="{{flight}}", time2="{{time}}"), []),
        ("template", notice("OLD", first="字" * 100, keyword1="字" * 100), []),
        ("subscription", notice("S1", enum_string2="客厅"), []),
        ("subscription", notice("S1", enum_string2="{{where}}"), []),
        ("template", notice("T9", thing1="x"), ["the account has no template T9; it has T1, OLD, "]),
        ("subscription", notice("T1", thing1="x"), ["the account has no subscription T1; it has S1"]),
        (
            "template",
            notice("T1", thing1="x", thing3="x"),
            ["thing3 is no field of '航班提醒'; it has thing1, time2", "time2 of '航班提醒' is not filled"],
        ),
        (
            "template",
            notice("T1", thing1="字" * 21 + "{{a}}", time2="x"),
            ["thing1 has 21 characters without its values; it takes 20"],
        ),
        ("template", notice("T1", thing1="字" * 20 + "{{a}}", time2="x"), []),
        ("subscription", notice("S1", enum_string2="卧室"), ["enum_string2 is '卧室'; it may be 客厅, 厨房"]),
    ],
)
def test_what_the_platform_would_refuse_is_told(kind: str, wanted: Notice, told: list[str]) -> None:
    assert mistakes(kind, wanted, KNOWN) == told
