"""From a push as the platform writes it to its typed value and its key."""

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxbot.errors import MalformedPush
from wxbot.protocol import events, messages, report_events
from wxbot.protocol.inbound import EVENTS, MESSAGES, read, typed
from wxbot.protocol.messages import Push
from wxbot.protocol.wire import Fields

OPENID = "oLVPpjqs9BhvzwPj5A-vTYAX3GLc"
COMMON = (
    "<ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>"
    f"<FromUserName><![CDATA[{OPENID}]]></FromUserName>"
    "<CreateTime>1395658920</CreateTime>"
)
MSGID = "<MsgId>6349323426230210995</MsgId>"


def message(msgtype: str, inner: str) -> str:
    return f"<xml>{COMMON}<MsgType><![CDATA[{msgtype}]]></MsgType>{inner}{MSGID}</xml>"


def event(name: str, inner: str = "") -> str:
    return f"<xml>{COMMON}<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{name}]]></Event>{inner}</xml>"


SCANNED = "<ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[http://x]]></ScanResult></ScanCodeInfo>"
ONE_PICTURE = (
    "<SendPicsInfo><Count>1</Count><PicList><item><PicMd5Sum><![CDATA[1b5f]]></PicMd5Sum></item></PicList>"
    "</SendPicsInfo>"
)
TWO_ITEMS = (
    "<SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum><![CDATA[1b5f]]></PicMd5Sum></item>"
    "<item><PicMd5Sum><![CDATA[5a75]]></PicMd5Sum></item></PicList></SendPicsInfo>"
)
TWO_LISTS = (
    "<SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum><![CDATA[1b5f]]></PicMd5Sum></item></PicList>"
    "<PicList><item><PicMd5Sum><![CDATA[5a75]]></PicMd5Sum></item></PicList></SendPicsInfo>"
)
NO_PICTURE = "<SendPicsInfo><Count>0</Count><PicList><![CDATA[]]></PicList></SendPicsInfo>"
PLACE = (
    "<SendLocationInfo><Location_X><![CDATA[23]]></Location_X><Location_Y><![CDATA[-113.5]]></Location_Y>"
    "<Scale><![CDATA[15]]></Scale><Label><![CDATA[广州市海珠区]]></Label><Poiname><![CDATA[]]></Poiname></SendLocationInfo>"
)
KEY = "<EventKey><![CDATA[6]]></EventKey>"

Case = tuple[str, type[Push], Mapping[str, object]]
MESSAGE_CASES: list[Case] = [
    (
        message("text", "<Content><![CDATA[CA1501 <&> 😀]]></Content>"),
        messages.TextMessage,
        {"Content": "CA1501 <&> 😀", "bizmsgmenuid": ""},
    ),
    (
        message("text", "<Content><![CDATA[满意]]></Content><bizmsgmenuid>101</bizmsgmenuid>"),
        messages.TextMessage,
        {"Content": "满意", "bizmsgmenuid": "101"},
    ),
    (
        message("text", "<Content>x</Content><MsgDataId>2247</MsgDataId><Idx>1</Idx>"),
        messages.TextMessage,
        {"MsgDataId": "2247", "Idx": "1"},
    ),
    (message("text", "<Content><![CDATA[]]></Content>"), messages.TextMessage, {"Content": ""}),
    (message("text", ""), messages.TextMessage, {"Content": ""}),
    (
        message("image", "<PicUrl><![CDATA[http://mmbiz/0]]></PicUrl><MediaId><![CDATA[m1]]></MediaId>"),
        messages.ImageMessage,
        {"PicUrl": "http://mmbiz/0", "MediaId": "m1"},
    ),
    (
        message(
            "voice",
            "<MediaId><![CDATA[m1]]></MediaId><Format><![CDATA[amr]]></Format>"
            "<MediaId16K><![CDATA[m16]]></MediaId16K><Recognition><![CDATA[你好]]></Recognition>",
        ),
        messages.VoiceMessage,
        {"MediaId": "m1", "Format": "amr", "MediaId16K": "m16", "Recognition": "你好"},
    ),
    (
        message("voice", "<MediaId><![CDATA[m1]]></MediaId><Recognition><![CDATA[]]></Recognition>"),
        messages.VoiceMessage,
        {"Recognition": "", "MediaId16K": ""},
    ),
    (
        message("video", "<MediaId><![CDATA[m1]]></MediaId><ThumbMediaId><![CDATA[t1]]></ThumbMediaId>"),
        messages.VideoMessage,
        {"MsgType": "video", "MediaId": "m1", "ThumbMediaId": "t1"},
    ),
    (
        message("shortvideo", "<MediaId><![CDATA[m1]]></MediaId><ThumbMediaId><![CDATA[t1]]></ThumbMediaId>"),
        messages.VideoMessage,
        {"MsgType": "shortvideo", "MediaId": "m1", "ThumbMediaId": "t1"},
    ),
    (
        message(
            "location",
            "<Location_X>23.134521</Location_X><Location_Y>113.358803</Location_Y><Scale>20</Scale>"
            "<Label><![CDATA[位置信息]]></Label>",
        ),
        messages.LocationMessage,
        {"Location_X": 23.134521, "Location_Y": 113.358803, "Scale": "20", "Label": "位置信息"},
    ),
    (
        message(
            "link", "<Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description><Url><![CDATA[u]]></Url>"
        ),
        messages.LinkMessage,
        {"Title": "t", "Description": "d", "Url": "u"},
    ),
    (
        message(
            "file",
            "<Title>t</Title><Description>d</Description><FileKey>k</FileKey><FileMd5>5</FileMd5>"
            "<FileTotalLen>9</FileTotalLen>",
        ),
        messages.FileMessage,
        {"Title": "t", "Description": "d", "FileKey": "k", "FileMd5": "5", "FileTotalLen": "9"},
    ),
    (
        message(
            "miniprogrampage",
            "<Title>t</Title><AppId>wx1</AppId><PagePath>p</PagePath><ThumbUrl>u</ThumbUrl><ThumbMediaId>m</ThumbMediaId>",
        ),
        messages.MiniProgramPageMessage,
        {"Title": "t", "AppId": "wx1", "PagePath": "p", "ThumbUrl": "u", "ThumbMediaId": "m"},
    ),
    *(
        (
            message(
                old,
                "<DeviceType>d</DeviceType><DeviceID>1</DeviceID><Content>Zm9v</Content><SessionID>9</SessionID>"
                "<OpenID>o</OpenID>",
            ),
            messages.DeviceMessage,
            {"DeviceType": "d", "DeviceID": "1", "Content": "Zm9v", "SessionID": "9", "OpenID": "o"},
        )
        for old in ("device_text", "device_event", "device_status", "hardware")
    ),
]
EVENT_CASES: list[Case] = [
    (event("subscribe"), events.SubscribeEvent, {"EventKey": "", "Ticket": "", "scene": ""}),
    (event("subscribe", "<EventKey><![CDATA[]]></EventKey>"), events.SubscribeEvent, {"EventKey": "", "scene": ""}),
    (
        event("subscribe", "<EventKey><![CDATA[qrscene_gate_7]]></EventKey><Ticket><![CDATA[TICKET]]></Ticket>"),
        events.SubscribeEvent,
        {"EventKey": "qrscene_gate_7", "scene": "gate_7", "Ticket": "TICKET"},
    ),
    (
        event("subscribe", "<EventKey><![CDATA[qrscene_qrscene_1]]></EventKey>"),
        events.SubscribeEvent,
        {"scene": "qrscene_1"},
    ),
    *(
        (
            event("subscribe", f"<EventKey><![CDATA[{other}]]></EventKey>"),
            events.SubscribeEvent,
            {"EventKey": other, "scene": ""},
        )
        for other in ("last_trade_no_4007", "scanbarcode|EAN_13|69|0", "scanimage|pic|1")
    ),
    (event("unsubscribe", "<EventKey><![CDATA[]]></EventKey>"), events.UnsubscribeEvent, {"EventKey": ""}),
    (
        event("SCAN", "<EventKey><![CDATA[SCENE_VALUE]]></EventKey><Ticket><![CDATA[TICKET]]></Ticket>"),
        events.ScanEvent,
        {"Event": "SCAN", "EventKey": "SCENE_VALUE", "scene": "SCENE_VALUE", "Ticket": "TICKET"},
    ),
    (
        event(
            "LOCATION",
            "<Latitude>23.137466</Latitude><Longitude>113.352425</Longitude><Precision>119.385040</Precision>",
        ),
        events.LocationEvent,
        {"Latitude": 23.137466, "Longitude": 113.352425, "Precision": 119.38504},
    ),
    (event("CLICK", KEY), events.ClickEvent, {"EventKey": "6"}),
    (
        event("VIEW", "<EventKey><![CDATA[http://www.qq.com/?a=1&b=2]]></EventKey><MenuId>53</MenuId>"),
        events.ViewEvent,
        {"EventKey": "http://www.qq.com/?a=1&b=2", "MenuId": "53"},
    ),
    (
        event("view_miniprogram", "<EventKey><![CDATA[pages/index]]></EventKey><MenuId>53</MenuId>"),
        events.ViewEvent,
        {"EventKey": "pages/index", "MenuId": "53"},
    ),
    *(
        (
            event(name, KEY + SCANNED),
            events.ScanCodeEvent,
            {"EventKey": "6", "ScanType": "qrcode", "ScanResult": "http://x"},
        )
        for name in ("scancode_push", "scancode_waitmsg")
    ),
    *(
        (event(name, KEY + inner), events.PicturesEvent, {"EventKey": "6", "Count": len(sums), "PicMd5Sum": sums})
        for name in ("pic_sysphoto", "pic_photo_or_album", "pic_weixin")
        for inner, sums in (
            (ONE_PICTURE, ["1b5f"]),
            (TWO_ITEMS, ["1b5f", "5a75"]),
            (TWO_LISTS, ["1b5f", "5a75"]),
            (NO_PICTURE, []),
            ("", []),
        )
    ),
    (
        event("location_select", KEY + PLACE),
        events.LocationSelectEvent,
        {"Location_X": 23.0, "Location_Y": -113.5, "Scale": "15", "Label": "广州市海珠区", "Poiname": ""},
    ),
    (
        event("location_select", KEY),
        events.LocationSelectEvent,
        {"Location_X": 0.0, "Location_Y": 0.0, "Scale": "", "Label": "", "Poiname": ""},
    ),
    (event("kf_create_session", "<KfAccount>t1@t</KfAccount>"), events.KfSessionEvent, {"KfAccount": "t1@t"}),
    (event("kf_close_session", "<KfAccount>t1@t</KfAccount>"), events.KfSessionEvent, {"KfAccount": "t1@t"}),
    (
        event("kf_switch_session", "<FromKfAccount>t1@t</FromKfAccount><ToKfAccount>t2@t</ToKfAccount>"),
        events.KfSwitchEvent,
        {"FromKfAccount": "t1@t", "ToKfAccount": "t2@t"},
    ),
    *(
        (
            event("TEMPLATESENDJOBFINISH", f"<MsgID>200163836</MsgID><Status><![CDATA[{status}]]></Status>"),
            report_events.TemplateSendJobFinishEvent,
            {"MsgID": "200163836", "Status": status, "succeeded": succeeded},
        )
        for status, succeeded in [
            ("success", True),
            ("failed:user block", False),
            ("failed: system failed", False),
            ("failed:freq limit", False),
            ("", False),
        ]
    ),
]
CASES = MESSAGE_CASES + EVENT_CASES


@pytest.mark.parametrize(("xml", "cls", "expected"), CASES)
def test_a_push_becomes_its_type_with_the_platforms_own_names(
    xml: str, cls: type[Push], expected: Mapping[str, object]
) -> None:
    push = read(xml.encode())

    assert type(push) is cls
    assert {name: getattr(push, name) for name in expected} == expected


@pytest.mark.parametrize("xml", [case[0] for case in CASES])
def test_every_push_has_its_users_its_second_and_all_its_fields(xml: str) -> None:
    push = read(xml.encode())

    assert (push.ToUserName, push.FromUserName, push.openid) == ("gh_7f083739789a", OPENID, OPENID)
    assert push.CreateTime == 1_395_658_920
    assert push.fields["MsgType"] == push.MsgType


@pytest.mark.parametrize("xml", [case[0] for case in MESSAGE_CASES])
def test_the_msgid_of_a_message_is_text_with_every_digit(xml: str) -> None:
    push = read(xml.encode())

    assert isinstance(push, messages.Message)
    assert push.MsgId == "6349323426230210995"


@pytest.mark.parametrize(("xml", "cls", "expected"), CASES)
def test_a_push_reads_alike_without_cdata(xml: str, cls: type[Push], expected: Mapping[str, object]) -> None:
    plain = xml.replace("<&>", "&lt;&amp;&gt;").replace("&b=", "&amp;b=")
    push = read(plain.replace("<![CDATA[", "").replace("]]>", "").encode())

    assert push == read(xml.encode())


@pytest.mark.parametrize(("xml", "cls", "expected"), CASES)
def test_a_push_reads_alike_with_unknown_elements_and_another_order(
    xml: str, cls: type[Push], expected: Mapping[str, object]
) -> None:
    inner = xml.removeprefix("<xml>" + COMMON).removesuffix("</xml>")
    extra = "<New><![CDATA[1]]></New><Deep><item><x>1</x></item><item/></Deep><content>lower</content>"

    push = read(f"<xml>\n {extra}{inner}\n {COMMON}</xml>".encode())

    assert type(push) is cls
    assert {name: getattr(push, name) for name in expected} == expected
    assert push.fields["New"] == "1"


@pytest.mark.parametrize(("xml", "cls", "expected"), EVENT_CASES)
def test_event_names_are_compared_without_case(xml: str, cls: type[Push], expected: Mapping[str, object]) -> None:
    name = xml.split("<Event><![CDATA[")[1].split("]")[0]

    for written in (name.upper(), name.lower(), name.title(), name.swapcase()):
        push = read(xml.replace(f"<Event><![CDATA[{name}]", f"<Event><![CDATA[{written}]").encode())
        assert type(push) is cls
        assert push.fields["Event"] == written


@pytest.mark.parametrize("name", ["CLICK", "Click", "click"])
def test_an_event_keeps_the_case_it_came_with(name: str) -> None:
    push = read(event(name, KEY).encode())

    assert isinstance(push, events.ClickEvent)
    assert push.Event == name


@pytest.mark.parametrize(
    ("xml", "name", "value"),
    [
        (message("voice", "").replace("MsgId", "MsgID"), "MsgId", "6349323426230210995"),
        (event("VIEW", KEY + "<MenuID>53</MenuID>"), "MenuId", "53"),
        (event("VIEW", KEY + "<MenuId></MenuId><MenuID>53</MenuID>"), "MenuId", "53"),
        (event("TEMPLATESENDJOBFINISH", "<MsgId>20</MsgId>"), "MsgID", "20"),
        (event("TEMPLATESENDJOBFINISH", "<MsgId>1</MsgId><MsgID>2</MsgID>"), "MsgID", "2"),
        (message("miniprogrampage", "<AppID>wx1</AppID>"), "AppId", "wx1"),
    ],
)
def test_both_spellings_of_a_field_are_read(xml: str, name: str, value: str) -> None:
    assert getattr(read(xml.encode()), name) == value


@pytest.mark.parametrize("msgtype", ["emotion", "mpnews", "TEXT2", "语音", "unsubscribe"])
def test_a_message_of_another_type_is_kept_as_unknown(msgtype: str) -> None:
    push = read(message(msgtype, "<Product><Id>7</Id></Product>").encode())

    assert isinstance(push, messages.UnknownMessage)
    assert (push.MsgType, push.MsgId) == (msgtype, "6349323426230210995")
    assert push.fields["Product"] == {"Id": "7"}


@pytest.mark.parametrize(
    "name", ["of_next_year", "submit_invoice_title", "WifiConnected", "weapp_audit_success", "text", ""]
)
def test_another_event_is_kept_as_unknown(name: str) -> None:
    push = read(
        event(name, "<List><TemplateId>1</TemplateId></List><List><TemplateId>2</TemplateId></List>").encode()
    )

    assert isinstance(push, events.UnknownEvent)
    assert push.Event == name
    assert push.fields["List"] == [{"TemplateId": "1"}, {"TemplateId": "2"}]


def test_an_event_without_its_name_is_an_event_and_no_message() -> None:
    push = read(f"<xml>{COMMON}<MsgType>event</MsgType></xml>".encode())

    assert isinstance(push, events.UnknownEvent)


def test_no_field_of_a_push_is_ever_none() -> None:
    empty: Fields = {"ToUserName": "g", "FromUserName": "o", "CreateTime": "1"}
    for names, msgtype in ((MESSAGES, ""), (EVENTS, "event")):
        for name in names:
            push = typed({**empty, "MsgType": msgtype or name, "Event": name})
            assert all(getattr(push, slot.name) is not None for slot in dataclass_fields(push))


@pytest.mark.parametrize("bad", ["", "abc", "1e3", "NaN", "<![CDATA[]]>", "<deep>1</deep>"])
def test_a_bad_coordinate_reads_as_zero_and_refuses_nothing(bad: str) -> None:
    push = read(message("location", f"<Location_X>{bad}</Location_X><Location_Y>1.5</Location_Y>").encode())

    assert isinstance(push, messages.LocationMessage)
    assert (push.Location_X, push.Location_Y) == (0.0, 1.5)


@pytest.mark.parametrize("name", ["ToUserName", "FromUserName", "MsgType", "CreateTime"])
@pytest.mark.parametrize("value", [None, "", " ", "x" * 129, {"deep": "1"}, ["1", "2"]])
def test_a_push_without_one_usable_common_field_is_malformed(name: str, value: Any) -> None:
    fields: Fields = {"ToUserName": "g", "FromUserName": "o", "CreateTime": "1", "MsgType": "text", name: value}
    if value is None:
        del fields[name]

    with pytest.raises(MalformedPush, match=name):
        typed(fields)


@pytest.mark.parametrize("seconds", ["-1", "1.5", "1e9", "1_000", "１", "x", "9" * 13, " ", "0x1"])
def test_a_createtime_that_is_not_unix_seconds_is_malformed(seconds: str) -> None:
    with pytest.raises(MalformedPush, match="CreateTime"):
        read(event("CLICK", KEY).replace("1395658920", seconds).encode())


def test_space_around_createtime_is_forgiven() -> None:
    assert read(event("CLICK").replace("1395658920", "\n 1395658920 ").encode()).CreateTime == 1_395_658_920


def test_one_msgid_of_two_users_makes_two_keys() -> None:
    ours, theirs = message("voice", ""), message("voice", "").replace(OPENID, OPENID[:-1] + "d")

    assert read(ours.encode()).key != read(theirs.encode()).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (event("CLICK", KEY), event("CLICK", KEY.replace("6", "7"))),
        (event("CLICK", KEY), event("VIEW", KEY)),
        (event("LOCATION", "<Latitude>1</Latitude>"), event("LOCATION", "<Latitude>2</Latitude>")),
        (event("scancode_push", SCANNED), event("scancode_push", SCANNED.replace("http://x", "http://y"))),
        (event("VIEW", f"<EventKey>{'x' * 70}1</EventKey>"), event("VIEW", f"<EventKey>{'x' * 70}2</EventKey>")),
        (event("ENTER"), event("ENTER", "<New>1</New>")),
        (message("text", "").replace(MSGID, ""), message("text", "<Content>x</Content>").replace(MSGID, "")),
        (message("text", ""), message("text", "").replace("995<", "996<")),
        (message("text", ""), message("text", "").replace("1395658920", "1395658921")),
        (event("subscribe"), event("unsubscribe")),
    ],
)
def test_two_pushes_of_one_user_in_one_second_have_two_keys_when_they_differ(one: str, other: str) -> None:
    assert read(one.encode()).key != read(other.encode()).key


@pytest.mark.parametrize("xml", [case[0] for case in CASES])
def test_a_redelivery_has_the_key_of_the_first_delivery(xml: str) -> None:
    assert read(xml.encode()).key == read(b"\xef\xbb\xbf" + xml.encode()).key


def test_the_key_of_an_event_does_not_depend_on_the_order_of_its_elements() -> None:
    parts = [COMMON, "<MsgType>event</MsgType>", "<Event>SCAN</Event>", KEY]

    assert len({read(f"<xml>{''.join(order)}</xml>".encode()).key for order in permutations(parts)}) == 1


def test_the_ciphertext_of_compatible_mode_new_in_each_delivery_leaves_the_key_alone() -> None:
    first, second = (event("CLICK", f"{KEY}<Encrypt>{cipher}</Encrypt>") for cipher in ("AAAA", "BBBB"))

    assert read(first.encode()).key == read(second.encode()).key


def test_a_bar_in_a_field_does_not_move_it_into_its_neighbour() -> None:
    one, other = (
        message("text", "").replace(OPENID, user).replace("6349323426230210995", msgid)
        for user, msgid in [("a|1", "2"), ("a", "1|2")]
    )

    assert read(one.encode()).key != read(other.encode()).key


@pytest.mark.parametrize("name", ["Event", "EventKey", "MsgId", "Content"])
@pytest.mark.parametrize("msgtype", ["event", "text", "new"])
def test_a_key_stays_short_however_long_a_field_is(msgtype: str, name: str) -> None:
    fields: Fields = {"ToUserName": "g", "FromUserName": "o" * 128, "CreateTime": "1", "MsgType": msgtype}

    assert len(typed({**fields, name: "x" * 60_000}).key) < 320


users = st.text("ab|o", min_size=1, max_size=3)
few = st.sampled_from(["", "1", "2", "1|2", "|"])
pushes = st.builds(
    lambda user, second, msgtype, rest: typed(
        {"ToUserName": "g", "FromUserName": user, "CreateTime": str(second), "MsgType": msgtype, **rest}
    ),
    users,
    st.integers(1, 3),
    st.sampled_from(["text", "event", "new"]),
    st.dictionaries(st.sampled_from(["Event", "EventKey", "MsgId", "Content", "Latitude"]), few),
)


def sameness(push: Push) -> object:
    """Return what two deliveries of one push have in common, and no two pushes."""
    if isinstance(push, messages.Message) and push.MsgId.isdigit():
        return push.FromUserName, push.MsgId, push.CreateTime
    return sorted(push.fields.items(), key=str)


@given(pushes, pushes)
def test_two_pushes_share_a_key_only_when_they_are_one(one: Push, other: Push) -> None:
    assert (one.key == other.key) == (sameness(one) == sameness(other))


@given(pushes, st.randoms())
def test_the_key_of_any_push_survives_another_order_of_its_fields(push: Push, chance: Any) -> None:
    shuffled = list(push.fields.items())
    chance.shuffle(shuffled)

    assert typed(dict(shuffled)).key == push.key
