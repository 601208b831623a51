"""Menus, followers, media, QR codes, templates and notifications: docs/platform.md §9."""

import time
from typing import Any

import pytest
import requests

from simulator.bench import Bench


def button(name: str = "状态", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "click", "key": "K", **more}


def test_a_menu_can_be_made_read_and_deleted(bench: Bench) -> None:
    menu = {"button": [{"name": "更多", "sub_button": [button()]}, button()]}
    assert bench.call("/cgi-bin/menu/create", menu)["errcode"] == 0
    assert bench.call("/cgi-bin/menu/get")["menu"]["button"][0]["sub_button"] == [button()]
    assert bench.call("/cgi-bin/menu/delete")["errcode"] == 0
    assert bench.call("/cgi-bin/menu/get")["errcode"] == 46003


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        ([button()] * 4, 40016),
        ([], 40016),
        ([button("六个汉字超了")], 40018),
        ([button(type="dance")], 40017),
        ([button(key="")], 40019),
        ([{"name": "a", "type": "view", "url": "u" * 1025}], 40020),
        ([{"name": "a", "sub_button": [button()] * 6}], 40023),
        ([{"name": "a", "sub_button": [button("x" * 61)]}], 40025),
    ],
)
def test_a_menu_past_its_limits_is_refused(bench: Bench, buttons: list[Any], errcode: int) -> None:
    assert bench.call("/cgi-bin/menu/create", {"button": buttons})["errcode"] == errcode


def test_user_info_tells_followers_from_people_who_left(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "subscribe", scene="7")
    assert bench.call("/cgi-bin/user/info", openid=openid)["qr_scene"] == 7
    bench.act(openid, "unsubscribe")
    assert bench.call("/cgi-bin/user/info", openid=openid) == {"subscribe": 0, "openid": openid}
    assert bench.call("/cgi-bin/user/info", openid="oNobody")["errcode"] == 40003


def test_the_follower_list_holds_only_followers(bench: Bench) -> None:
    stays, leaves = bench.user(), bench.user()
    bench.act(leaves, "unsubscribe")
    answer = bench.call("/cgi-bin/user/get")
    assert (answer["total"], answer["data"]["openid"], answer["next_openid"]) == (1, [stays], stays)
    assert bench.call("/cgi-bin/user/get", next_openid=stays)["count"] == 0


def test_media_comes_back_for_three_days_and_then_is_refused(bench: Bench) -> None:
    upload = requests.post(
        bench.url + "/cgi-bin/media/upload",
        params={"access_token": bench.token(), "type": "image"},
        files={"media": ("a.png", b"png bytes", "image/png")},
        timeout=5,
    ).json()
    query = {"access_token": bench.token(), "media_id": upload["media_id"]}
    assert requests.get(bench.url + "/cgi-bin/media/get", params=query, timeout=5).content == b"png bytes"
    bench.advance(3 * 86_400)
    assert bench.call("/cgi-bin/media/get", media_id=upload["media_id"])["errcode"] == 40007


def test_a_thumb_over_64_kb_is_refused(bench: Bench) -> None:
    answer = requests.post(
        bench.url + "/cgi-bin/media/upload",
        params={"access_token": bench.token(), "type": "thumb"},
        files={"media": ("a.jpg", b"x" * 65_537)},
        timeout=5,
    )
    assert answer.json()["errcode"] == 40012


def test_a_qr_code_has_a_ticket(bench: Bench) -> None:
    body = {
        "expire_seconds": 60,
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": "ca1501"}},
    }
    answer = bench.call("/cgi-bin/qrcode/create", body)
    assert answer["ticket"]
    assert answer["expire_seconds"] == 60
    assert bench.call("/cgi-bin/qrcode/create", {"action_name": "QR_SCENE"})["errcode"] == 40035


def test_clearing_the_quota_starts_the_day_again(bench: Bench) -> None:
    bench.post("/sim/settings", {"daily": {"/cgi-bin/menu/get": 1}})
    bench.call("/cgi-bin/menu/get")
    assert bench.call("/cgi-bin/menu/get")["errcode"] == 45009
    assert bench.call("/cgi-bin/clear_quota", {"appid": bench.config.appid})["errcode"] == 0
    assert bench.call("/cgi-bin/menu/get")["errcode"] == 46003


def test_an_unknown_interface_is_refused_in_the_platforms_way(bench: Bench) -> None:
    assert bench.call("/cgi-bin/no/such/thing")["errcode"] == 40066


def template(openid: str, **more: Any) -> dict[str, Any]:
    return {"touser": openid, "template_id": "T1", "data": {"航班": {"value": "CA1501"}}, **more}


def test_a_template_is_shown_and_its_result_is_pushed(bench: Bench) -> None:
    openid = bench.user()
    msgid = bench.call("/cgi-bin/message/template/send", template(openid))["msgid"]
    shown = bench.phone(openid)[-1]
    assert (shown["via"], shown["text"]) == ("template", "航班：CA1501")
    until = time.monotonic() + 5
    while not bench.bot.pushes and time.monotonic() < until:
        time.sleep(0.01)
    assert str(msgid).encode() in bench.bot.pushes[0].body
    assert b"TEMPLATESENDJOBFINISH" in bench.bot.pushes[0].body


def test_a_client_msg_id_is_sent_once_in_ten_minutes(bench: Bench) -> None:
    openid = bench.user()
    send = template(openid, client_msg_id="k1")
    first = bench.call("/cgi-bin/message/template/send", send)["msgid"]
    assert bench.call("/cgi-bin/message/template/send", send)["msgid"] == first
    bench.advance(600)
    assert bench.call("/cgi-bin/message/template/send", send)["msgid"] != first
    assert bench.ledger()["templates"] == 2


def test_an_undelivered_template_is_taken_and_not_shown_and_its_result_says_why(bench: Bench) -> None:
    openid = bench.user()
    bench.fault("undelivered", path="/cgi-bin/message/template/send", status="failed: system failed")
    answer = bench.call("/cgi-bin/message/template/send", template(openid))
    until = time.monotonic() + 5
    while not bench.bot.pushes and time.monotonic() < until:
        time.sleep(0.01)

    assert answer["errcode"] == 0
    assert bench.phone(openid) == []
    assert b"failed: system failed" in bench.bot.pushes[0].body


def test_an_undelivered_notification_uses_up_the_consent_and_its_result_says_why(bench: Bench) -> None:
    openid = bench.user()
    agreed = {"List": {"TemplateId": "T1", "SubscribeStatusString": "accept"}}
    bench.act(openid, "subscribe_msg_popup_event", fields={"SubscribeMsgPopupEvent": agreed})
    path = "/cgi-bin/message/subscribe/bizsend"
    bench.fault("undelivered", path=path)
    assert [bench.call(path, template(openid))["errcode"] for _ in range(2)] == [0, 43101]
    until = time.monotonic() + 5
    while len(bench.bot.pushes) < 2 and time.monotonic() < until:
        time.sleep(0.01)

    assert b"<ErrorCode><![CDATA[-1]]></ErrorCode>" in bench.bot.pushes[1].body


def test_a_template_to_someone_who_left_is_refused(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "unsubscribe")
    assert bench.call("/cgi-bin/message/template/send", template(openid))["errcode"] == 43004


def test_a_notification_uses_up_one_consent(bench: Bench) -> None:
    openid = bench.user()
    path = "/cgi-bin/message/subscribe/bizsend"
    assert bench.call(path, template(openid))["errcode"] == 43101
    bench.act(openid, "subscribe_msg_popup_event")
    assert [bench.call(path, template(openid))["errcode"] for _ in range(2)] == [0, 43101]


def rule(**rule: Any) -> dict[str, Any]:
    return {"button": [button(key="C")], "matchrule": rule}


def test_the_newest_conditional_menu_that_fits_is_shown_and_goes_with_the_default_one(bench: Bench) -> None:
    assert bench.call("/cgi-bin/menu/addconditional", rule(tag_id=2))["errcode"] == 65303
    bench.call("/cgi-bin/menu/create", {"button": [button(key="D")]})
    openid = bench.user()
    ids = [bench.call("/cgi-bin/menu/addconditional", rule(client_platform_type=n))["menuid"] for n in (1, 2)]
    shown = bench.call("/cgi-bin/menu/trymatch", {"user_id": openid})["button"]
    assert shown[0]["key"] == bench.get(f"/sim/users/{openid}/phone")["menu"][0]["key"] == "C"
    assert bench.call("/cgi-bin/menu/delconditional", {"menuid": ids[0]})["errcode"] == 0
    assert bench.get(f"/sim/users/{openid}/phone")["menu"][0]["key"] == "D"
    assert [str(one["menuid"]) for one in bench.call("/cgi-bin/menu/get")["conditionalmenu"]] == ids[1:]
    bench.call("/cgi-bin/menu/delete")
    bench.call("/cgi-bin/menu/create", {"button": [button(key="D")]})
    assert "conditionalmenu" not in bench.call("/cgi-bin/menu/get")


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        (rule(), 65304),
        (rule(sex=1), 65320),
        ({"button": [], "matchrule": {"tag_id": 2}}, 40016),
        (
            {
                "button": [
                    {"name": "a", "sub_button": [button(type="view", url=f"https://h{n}/") for n in range(4)]}
                ],
                "matchrule": {"tag_id": 2},
            },
            65316,
        ),
    ],
)
def test_a_conditional_menu_past_its_limits_is_refused(bench: Bench, body: dict[str, Any], errcode: int) -> None:
    bench.call("/cgi-bin/menu/create", {"button": [button()]})
    assert bench.call("/cgi-bin/menu/addconditional", body)["errcode"] == errcode
    assert bench.call("/cgi-bin/menu/delconditional", {"menuid": "1"})["errcode"] == 65301


def test_people_are_told_of_a_hundred_at_a_time(bench: Bench) -> None:
    stays, leaves = bench.user(), bench.user()
    bench.act(leaves, "unsubscribe")
    asked = {"user_list": [{"openid": stays}, {"openid": leaves}]}
    told = bench.call("/cgi-bin/user/info/batchget", asked)["user_info_list"]
    assert [one["subscribe"] for one in told] == [1, 0]
    assert bench.call("/cgi-bin/user/info/batchget", {"user_list": [{"openid": stays}] * 101})["errcode"] == 40032
    assert bench.call("/cgi-bin/user/info/batchget", {"user_list": [{"openid": "oNobody"}]})["errcode"] == 40003


def test_the_follower_list_comes_in_pages(bench: Bench) -> None:
    bench.post("/sim/settings", {"page": 2})
    users = [bench.user() for _ in range(3)]
    first = bench.call("/cgi-bin/user/get")
    assert (first["total"], first["data"]["openid"], first["next_openid"]) == (3, users[:2], users[1])
    assert bench.call("/cgi-bin/user/get", next_openid=users[1])["data"]["openid"] == users[2:]
    assert bench.call("/cgi-bin/user/get", next_openid="oNobody")["errcode"] == 40003


def test_a_remark_is_shorter_than_30_characters(bench: Bench) -> None:
    openid = bench.user()
    assert (
        bench.call("/cgi-bin/user/info/updateremark", {"openid": openid, "remark": "字" * 30})["errcode"] == 40035
    )
    assert bench.call("/cgi-bin/user/info/updateremark", {"openid": openid, "remark": "安"})["errcode"] == 0
    assert bench.call("/cgi-bin/user/info", openid=openid)["remark"] == "安"


def test_tags_have_their_limits(bench: Bench) -> None:
    openid = bench.user()
    made = [bench.call("/cgi-bin/tags/create", {"tag": {"name": f"t{n}"}})["tag"]["id"] for n in range(100)]
    assert bench.call("/cgi-bin/tags/create", {"tag": {"name": "one more"}})["errcode"] == 45056
    assert bench.call("/cgi-bin/tags/create", {"tag": {"name": "t0"}})["errcode"] == 45157

    def give(tag: int, count: int = 1) -> int:
        body = {"tagid": tag, "openid_list": [openid] * count}
        return int(bench.call("/cgi-bin/tags/members/batchtagging", body)["errcode"])

    assert [give(tag) for tag in made[:21]] == [0] * 20 + [45059]
    assert (give(7), give(made[0], 51)) == (45159, 40032)
    assert bench.call("/cgi-bin/user/tag/get", {"tagid": made[0]})["data"]["openid"] == [openid]


def test_an_agent_takes_a_user_on_and_leaves_them_and_the_bot_is_told(bench: Bench) -> None:
    openid = bench.user()
    talk = {"openid": openid, "kf_account": "ann@x"}
    assert bench.call("/customservice/kfsession/create", talk)["errcode"] == 65401
    bench.post("/sim/settings", {"agents": {"ann@x": {"online": False}}})
    assert bench.call("/customservice/kfsession/create", talk)["errcode"] == 65415
    bench.post("/sim/settings", {"agents": {"ann@x": {"nick": "安"}}})
    assert bench.call("/customservice/kfsession/create", talk)["errcode"] == 0
    assert bench.call("/customservice/kfsession/create", talk)["errcode"] == 65414
    assert bench.call("/customservice/kfsession/getsession", openid=openid)["kf_account"] == "ann@x"
    assert (
        bench.call("/customservice/kfsession/getsessionlist", kf_account="ann@x")["sessionlist"][0]["openid"]
        == openid
    )
    assert bench.call("/cgi-bin/customservice/getonlinekflist")["kf_online_list"][0]["accepted_case"] == 1
    assert bench.call("/customservice/kfsession/close", talk)["errcode"] == 0
    assert bench.call("/customservice/kfsession/close", talk)["errcode"] == 65413
