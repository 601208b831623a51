"""The simulator's page in a real browser: phones, exchanges, faults and time, by mouse and by keyboard."""

import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from flask import Request
from playwright.sync_api import APIResponse, Dialog, Locator, Page, Route, expect

from e2e.conftest import PHONE, Opening
from flow.hostile_texts import HOSTILE as HOSTILE_TEXTS
from simulator.bench import SEND, Bench, reply, running
from simulator.replays import run, sealed, verdict

HOSTILE = "<img src=x onerror=hacked=1><script>hacked=1</script>\"'><svg onload=hacked=1>"
COUNT_WHAT_IS_LOST = """() => {
    window.lost = 0;
    const watcher = new MutationObserver(all => all.forEach(one => { lost += one.removedNodes.length; }));
    watcher.observe(document.querySelector(".chat"), { childList: true });
}"""
MENU = {
    "button": [
        {
            "name": "航班",
            "sub_button": [
                {"name": "我的航班", "type": "click", "key": "MINE"},
                {"name": "选位置", "type": "location_select", "key": "PLACE"},
            ],
        },
        {"name": "网页", "type": "view", "url": "https://example.com/"},
    ]
}
Answering = Callable[[Request], str]


def echo(call: Request) -> str:
    """Answer every push with a text, as a bot does that was just begun."""
    body = call.get_data(as_text=True)
    return reply(str(re.findall(r"<FromUserName><!\[CDATA\[(.*?)\]\]>", body)[0]), "<Content>收到</Content>")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with running() as fresh:
        fresh.bot.answer = echo
        yield fresh


@pytest.fixture
def follower(bench: Bench) -> str:
    """Somebody who follows the account already."""
    return bench.user()


def pushed(bench: Bench, element: str) -> list[str]:
    """The bot's pushes, by one of their elements."""
    found = [
        re.search(rf"<{element}>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</{element}>", one.body.decode())
        for one in bench.bot.pushes
    ]
    return [one[1] for one in found if one]


def say(page: Page, text: str) -> None:
    page.locator(".phone.chosen textarea").fill(text)
    page.keyboard.press("Enter")


def send(page: Page, kind: str) -> Locator:
    """Open the panel and the form for one kind; return its button that sends."""
    page.locator(".phone.chosen .composer form [aria-expanded]").click()
    page.locator(f".phone.chosen [data-tool={kind}]").click()
    return page.locator("dialog .main")


def exchange(page: Page, number: int = 0) -> Locator:
    """Open one exchange of the list, counted from the newest."""
    row = page.locator(".exchange").nth(number)
    row.locator("summary").click()
    return row


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 860}, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    ("locale", "follow", "title"),
    [("zh-CN", "关注公众号", "平台模拟器"), ("en-GB", "Follow this account", "Platform simulator")],
)
def test_who_opens_the_page_is_told_what_it_is_and_can_follow_and_chat(
    bench: Bench, page_of: Opening, viewport: Any, locale: str, follow: str, title: str
) -> None:
    page = page_of(bench.url, viewport=viewport, locale=locale)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("#welcome")).to_contain_text("CA1501")
    page.locator("#welcome-done").click()
    page.get_by_role("button", name=follow).click()
    say(page, "CA1501")

    expect(page.locator(".message.out .bubble")).to_have_text("CA1501")
    expect(page.locator(".message.in .bubble")).to_have_text(["收到", "收到"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    expect(page.locator(".message.out .bubble")).to_have_text("CA1501")
    expect(page.locator("#welcome")).to_be_hidden()
    assert {url.startswith((bench.url, "blob:", "data:")) for url in asked} == {True}


def test_the_language_switch_is_remembered_and_translates_what_is_there(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    bench.act(follower, "CLICK", event_key="MINE")
    page = page_of(bench.url)
    expect(page.locator(".system")).to_have_text("You tapped the menu: MINE")
    page.locator("textarea").fill("half a mess")
    page.locator("#language").click()

    expect(page.locator(".system")).to_have_text("你点了菜单 MINE")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("textarea")).to_have_value("half a mess")
    page.reload()
    expect(page.locator("#language")).to_have_text("English")


def test_colours_follow_the_system_until_the_switch_says_otherwise(bench: Bench, page_of: Opening) -> None:
    page = page_of(bench.url, color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.locator("#scheme").click()

    assert dark == "rgb(20, 23, 27)"
    assert page.evaluate(paper) == "rgb(243, 244, 246)"


def test_each_kind_of_message_is_sent_and_shown(bench: Bench, page_of: Opening, follower: str) -> None:
    page = page_of(bench.url)
    kinds = ["image", "voice", "video", "shortvideo", "location", "link"]
    for kind in kinds:
        send(page, kind).click()
        expect(page.locator(f".message.out[data-type={kind}] .bubble")).to_be_visible()

    expect(page.locator(".message.in")).to_have_count(len(kinds))
    assert pushed(bench, "MsgType") == kinds
    expect(page.locator(".message.out .length")).to_have_text(["6″", "0:15", "0:10"])
    expect(page.locator("[data-type=location]")).to_contain_text("40.0799, 116.6031")
    expect(page.locator("[data-type=link] a")).to_have_attribute("href", "https://example.com/CA1501")


def test_a_picture_that_is_sent_can_be_fetched_by_the_bot(bench: Bench, page_of: Opening, follower: str) -> None:
    page = page_of(bench.url)
    send(page, "image").click()
    picture = page.locator("[data-type=image] img")
    expect(picture).to_be_visible()

    assert picture.evaluate("still => still.decode().then(() => still.naturalWidth)") == 480
    assert pushed(bench, "PicUrl")[0].startswith(f"{bench.url}/sim/media/")


def test_an_event_is_sent_with_the_fields_given_and_bad_ones_are_told_at_once(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    page = page_of(bench.url)
    main = send(page, "event")
    page.locator("dialog select").select_option("LOCATION")
    expect(page.locator("dialog textarea")).to_have_value(re.compile("Latitude"))
    page.locator("dialog textarea").fill("[1")
    main.click()
    expect(page.locator("dialog [role=alert]")).to_have_text("The fields are no JSON object")
    page.locator("dialog textarea").fill('{"Latitude": 1.5}')
    main.click()

    expect(page.locator(".system")).to_contain_text("LOCATION")
    assert (pushed(bench, "Event"), pushed(bench, "Latitude")) == (["LOCATION"], ["1.5"])


def test_a_person_scans_leaves_and_comes_back(bench: Bench, page_of: Opening, follower: str) -> None:
    body = {"action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "gate-c23"}}}
    ticket = bench.call("/cgi-bin/qrcode/create", body)["ticket"]
    page = page_of(bench.url)
    send(page, "scan").click()
    expect(page.locator(".system")).to_have_text("You scanned QR code gate-c23")
    page.locator(".composer form [aria-expanded]").click()
    page.locator("[data-tool=leave]").click()
    expect(page.locator("textarea")).to_have_count(0)
    page.locator(".follow .main").click()
    expect(page.locator("textarea")).to_be_visible()

    assert pushed(bench, "Event") == ["SCAN", "unsubscribe", "subscribe"]
    assert pushed(bench, "Ticket")[0] == ticket


def test_the_menu_has_sub_menus_and_pushes_what_the_platform_would(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    bench.call("/cgi-bin/menu/create", MENU)
    page = page_of(bench.url)
    page.get_by_role("button", name="To the menu").click()
    page.get_by_role("button", name="航班").click()
    page.get_by_role("button", name="我的航班").click()
    expect(page.locator(".system").last).to_have_text("You tapped the menu: MINE")
    page.get_by_role("button", name="航班").click()
    page.get_by_role("button", name="选位置").click()
    expect(page.locator(".message.out[data-type=location]")).to_be_visible()
    page.get_by_role("button", name="网页").click()
    expect(page.locator(".system").last).to_have_text("You opened https://example.com/")

    assert pushed(bench, "MsgType") == ["event", "event", "location", "event"]
    assert pushed(bench, "EventKey") == ["MINE", "PLACE", "https://example.com/"]


ARRIVING: dict[str, tuple[dict[str, Any], str]] = {
    "text": ({"content": 'see <a href="https://example.com/a">here</a>'}, "see here"),
    "image": ({"media_id": "m"}, ""),
    "voice": ({"media_id": "m"}, ""),
    "video": ({"media_id": "m", "title": "起飞"}, "起飞"),
    "music": ({"title": "曲", "musicurl": "https://example.com/", "thumb_media_id": "t"}, "曲"),
    "news": (
        {"articles": [{"title": "值机指南", "url": "https://example.com/", "picurl": "https://example.com/p"}]},
        "值机指南",
    ),
    "mpnews": ({"media_id": "m"}, "Article"),
    "mpnewsarticle": ({"article_id": "a17"}, "a17"),
    "msgmenu": ({"head_content": "满意吗?", "list": [{"id": "101", "content": "满意"}]}, "满意吗?"),
    "wxcard": ({"card_id": "c17"}, "c17"),
    "miniprogrampage": ({"title": "值机", "appid": "wx1", "pagepath": "p", "thumb_media_id": "t"}, "值机"),
}


def test_the_chat_stays_at_its_end_when_the_panel_opens_below_it(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    for number in range(12):
        bench.act(follower, "text", content=f"line {number}")
    page = page_of(bench.url, viewport=PHONE)
    expect(page.locator(".message.in")).to_have_count(12)
    page.locator(".composer form [aria-expanded]").click()

    expect(page.locator("[data-tool=image]")).to_be_visible()
    expect(page.locator(".message.in").last).to_be_in_viewport(ratio=1)


def test_each_kind_of_customer_message_is_shown_and_a_choice_can_be_tapped(page_of: Opening) -> None:
    with running(rights="48h") as bench:
        openid = bench.user()
        bench.act(openid, "text", content="hi")
        page = page_of(bench.url)
        for kind, (inner, _) in ARRIVING.items():
            assert bench.send_raw({"touser": openid, "msgtype": kind, kind: inner}) == 0
        for kind, (_, told) in ARRIVING.items():
            expect(page.locator(f".message.in[data-type={kind}] .bubble")).to_contain_text(told)
        expect(page.locator("[data-type=text] a")).to_have_attribute("href", "https://example.com/a")
        page.get_by_role("button", name="满意", exact=True).click()
        expect(page.locator(".message.out .bubble").last).to_have_text("满意")

        assert pushed(bench, "bizmsgmenuid") == ["101"]
        assert (
            bench.call(
                "/cgi-bin/message/template/send",
                {"touser": openid, "template_id": "T1", "data": {"登机口": {"value": "C23"}}},
            )["errcode"]
            == 0
        )
        expect(page.locator(".template dd")).to_have_text("C23")


@pytest.mark.parametrize(
    ("locale", "notice"),
    [("zh-CN", "该公众号暂时无法提供服务"), ("en-GB", "This Official Account is out of service")],
)
def test_a_useless_answer_shows_the_failure_notice_and_its_reason(
    bench: Bench, page_of: Opening, follower: str, locale: str, notice: str
) -> None:
    bench.bot.answer = lambda _: '{"errcode": 0}'
    page = page_of(bench.url, locale=locale)
    say(page, "hi")

    expect(page.locator(".notice")).to_contain_text(notice)
    expect(page.locator(".exchange.trouble .gist")).to_contain_text("not XML")


def test_nothing_that_people_or_bots_write_runs_on_the_page(bench: Bench, page_of: Opening, follower: str) -> None:
    bench.bot.answer = lambda _: reply(follower, f"<Content><![CDATA[{HOSTILE}]]></Content>")
    bench.call("/cgi-bin/menu/create", {"button": [{"name": "<b>x</b>", "type": "click", "key": HOSTILE}]})
    page = page_of(bench.url)
    say(page, HOSTILE)
    expect(page.locator(".message.in .bubble")).to_have_text(HOSTILE)
    bench.act(follower, "link", title=HOSTILE, description=HOSTILE, url="javascript:hacked=1")
    bench.act(follower, "location", label=HOSTILE)
    bench.act(follower, "voice", recognition=HOSTILE)
    bench.act(follower, "image", picurl="javascript:hacked=1")
    bench.act(follower, HOSTILE, fields={"EventKey": HOSTILE})
    bench.send(follower, '<a href="javascript:hacked=1">tap</a>')
    articles = [
        {"title": HOSTILE, "description": HOSTILE, "url": "javascript:hacked=1", "picurl": "javascript:hacked=1"}
    ]
    bench.send_raw({"touser": follower, "msgtype": "news", "news": {"articles": articles}})
    data = {HOSTILE: {"value": HOSTILE}}
    bench.call(
        "/cgi-bin/message/template/send",
        {"touser": follower, "template_id": "T", "url": "javascript:hacked=1", "data": data},
    )
    expect(page.locator(".template dd")).to_have_text(HOSTILE)
    for number in range(page.locator(".exchange").count()):
        exchange(page, number)
    expect(page.locator(".exchange[open] pre").first).to_be_visible()

    assert page.evaluate("typeof hacked") == "undefined"
    assert page.locator("main img, main script, a[href^=javascript]").count() == 0


def test_a_hundred_hostile_texts_stay_texts_in_the_chat_and_in_the_list(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    texts = HOSTILE_TEXTS[::3]
    said = iter(texts)
    bench.bot.answer = lambda _: reply(follower, f"<Content>{escape(next(said))}</Content>")
    for each in texts:
        bench.act(follower, "text", content=each)
    page = page_of(bench.url)
    ran: list[str] = []

    def note(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    expect(page.locator(".message.in")).to_have_count(len(texts))
    page.locator(".exchange summary").evaluate_all("all => all.forEach(one => one.click())")
    expect(page.locator(".exchange pre")).to_have_count(2 * len(texts))

    foreign = "img, script, iframe, object, style, meta, base, math, details:not(.exchange), [onload], [onerror]"
    assert page.locator("main").locator(foreign).count() == 0
    assert page.locator("main a:not([href^='/sim/']):not([href^=http])").count() == 0
    assert ran == []


def test_an_answer_that_comes_late_never_replaces_a_newer_one(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    page = page_of(bench.url)
    expect(page.locator("textarea")).to_be_visible()
    page.evaluate(COUNT_WHAT_IS_LOST)
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route("**/sim/page?*", hold_the_first)
    with page.expect_request("**/sim/page?*"):
        pass
    say(page, "hi")
    expect(page.locator(".message.in")).to_have_count(1)
    held[0][0].fulfill(response=held[0][1])
    page.unroute_all(behavior="ignoreErrors")
    bench.act(follower, "text", content="again")
    expect(page.locator(".message.in")).to_have_count(2)

    assert page.evaluate("lost") == 0


def test_each_fault_button_sets_its_fault_and_clear_takes_them_back(bench: Bench, page_of: Opening) -> None:
    page = page_of(bench.url)
    kinds = {
        "late": ("delay", -1), "502": ("http502", -1), "busy": ("errcode", -1), "token": ("token_killed", -1),
        "over-quota": ("errcode", 45047), "closed": ("errcode", 45015), "day": ("errcode", 45009),
        "hang": ("hang", -1), "lost-answer": ("accept_then_hang", -1), "reset": ("reset", -1),
    }  # fmt: skip
    for button in kinds:
        page.locator(f"[data-control=fault-{button}]").click()
    expect(page.locator(".waiting")).to_contain_text("busy −1 × 1")
    expect(page.locator(".waiting")).to_contain_text("reset × 1")

    assert [(one["kind"], one["errcode"]) for one in bench.get("/sim/faults")["faults"]] == list(kinds.values())
    page.locator("[data-control=clear]").click()
    expect(page.locator(".waiting")).to_have_count(0)
    assert bench.get("/sim/faults")["faults"] == []


def test_faults_are_set_in_the_order_of_the_buttons_though_the_first_is_slow(
    bench: Bench, page_of: Opening
) -> None:
    page = page_of(bench.url)
    held: list[Route] = []
    page.route("**/sim/faults", lambda route: held.append(route), times=1)
    for button in ("late", "502", "busy"):
        page.locator(f"[data-control=fault-{button}]").click()
    held[0].continue_()
    expect(page.locator(".waiting")).to_contain_text("busy −1 × 1")

    assert [one["kind"] for one in bench.get("/sim/faults")["faults"]] == ["delay", "http502", "errcode"]


def test_a_fault_strikes_as_often_as_was_chosen_and_what_it_did_is_listed(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    bench.act(follower, "text", content="hi")
    page = page_of(bench.url)
    page.locator("[data-control=times]").select_option("thrice")
    page.locator("[data-control=fault-over-quota]").click()
    expect(page.locator(".waiting")).to_contain_text("over quota 45047 × 3")
    sent = [bench.send(follower, "same") for _ in range(4)]

    assert sent == [45047, 45047, 45047, 0]
    expect(page.locator("#ledger .wrong", has_text="over quota")).to_contain_text("3")
    expect(page.locator(".exchange", has_text="custom/send").first).to_contain_text("200")


def test_off_the_whitelist_the_next_token_fetch_is_refused_until_it_is_put_back(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    page = page_of(bench.url)
    token = bench.token()
    page.locator("[data-control=whitelist]").click()
    expect(page.locator("[data-control=whitelist]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".waiting")).to_contain_text("token killed")

    assert bench.post(SEND, {}, access_token=token)["errcode"] == 40001
    assert bench.stable_token()["errcode"] == 40164
    page.locator("[data-control=whitelist]").click()
    expect(page.locator("[data-control=whitelist]")).to_have_attribute("aria-pressed", "false")
    assert "access_token" in bench.stable_token()


def test_the_ring_counts_messages_down_and_the_time_moves_to_the_windows_end(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    start = bench.get("/sim/clock")["now"]
    bench.act(follower, "text", content="hi")
    page = page_of(bench.url)
    ring = page.locator(".ring[data-window=message]")
    expect(ring.locator("b")).to_have_text("5")
    expect(ring.locator(".until")).to_have_text("48:00:00")
    expect(ring.locator(".arc")).to_have_attribute("stroke-dasharray", "100.00 100")
    for left in ("4", "3"):
        bench.send(follower, f"news {left}")
        expect(ring.locator("b")).to_have_text(left)
    page.get_by_role("button", name="+1 min").click()
    expect(ring.locator(".until")).to_have_text("47:59:00")
    page.get_by_role("button", name="+1 h").click()
    expect(ring.locator(".until")).to_have_text("46:59:00")
    expect(ring.locator(".arc")).to_have_attribute("stroke-dasharray", "97.88 100")
    page.get_by_role("button", name="To window’s end").click()
    expect(ring.locator(".until")).to_have_text("closed")
    expect(ring.locator("b")).to_have_text("0")

    assert bench.get("/sim/clock")["now"] == start + 172_800
    page.get_by_role("button", name="To window’s end").click()
    expect(page.locator("#toast")).to_have_text("The chosen user has no open window")


def test_the_chat_tells_the_time_when_it_went_on_after_a_pause(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    bench.act(follower, "text", content="one")
    bench.advance(60)
    bench.act(follower, "text", content="two")
    bench.advance(86_400)
    bench.act(follower, "text", content="three")
    page = page_of(bench.url)

    expect(page.locator(".chat time")).to_have_text(["Yesterday 16:00", "16:01"])


def test_a_push_copied_as_curl_plays_again(bench: Bench, page_of: Opening, follower: str) -> None:
    page = page_of(bench.url, permissions=["clipboard-read", "clipboard-write"])
    say(page, "it's CA1501")
    expect(page.locator(".message.in")).to_have_count(1)
    exchange(page).get_by_role("button", name="Copy as curl").click()
    expect(page.locator("#toast")).to_have_text("Copied")

    assert run(page.evaluate("navigator.clipboard.readText()")).ok
    assert bench.bot.pushes[1].body == bench.bot.pushes[0].body


def test_where_the_clipboard_is_closed_the_command_is_shown_to_be_copied_by_hand(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    bench.act(follower, "text", content="hi")
    page = page_of(bench.url)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    exchange(page).get_by_role("button", name="Copy as curl").click()

    expect(page.locator("dialog textarea")).to_have_value(re.compile("^curl -sS "))


def test_a_push_saved_as_a_test_passes(bench: Bench, page_of: Opening, follower: str, tmp_path: Path) -> None:
    bench.act(follower, "text", content="CA1501")
    page = page_of(bench.url, accept_downloads=True)
    row = exchange(page)
    with page.expect_download() as download:
        row.get_by_role("link", name="Save as test").click()

    assert re.fullmatch(r"test_push_text_\d+\.py", download.value.suggested_filename)
    assert verdict(tmp_path, download.value.path().read_text("utf-8")) == "passed"


def test_the_deliveries_of_one_push_stand_in_one_row(bench: Bench, page_of: Opening, follower: str) -> None:
    bench.bot.answer = lambda _: ("busy", 503)
    page = page_of(bench.url)
    say(page, "hi")

    expect(page.locator(".exchange .tries")).to_have_text("3 tries")
    row = exchange(page)
    expect(row.locator(".attempts button")).to_have_count(3)
    row.locator(".attempts button").first.click()
    expect(row.locator(".attempts button").first).to_have_attribute("aria-pressed", "true")


def test_an_encrypted_exchange_is_shown_decrypted_with_its_signatures_checked(page_of: Opening) -> None:
    with running(mode="safe") as bench:
        openid = bench.user()
        bench.bot.answer = lambda _: sealed(
            bench.config, reply(openid, "<Content>登机口 C23</Content>"), token="another"
        )
        page = page_of(bench.url)
        say(page, "秘密")
        expect(page.locator(".notice")).to_be_visible()
        row = exchange(page)
        expect(row.locator("pre").first).to_contain_text("<Content>秘密</Content>")
        expect(row.locator(".query .ok")).to_contain_text(["signature fits", "msg_signature fits"])
        expect(row.locator(".query .bad")).to_contain_text("MsgSignature does not fit")
        row.get_by_role("button", name="as sent").first.click()

        expect(row.locator("pre").first).to_contain_text("<Encrypt>")


def test_json_is_laid_out_with_its_numbers_untouched_and_no_token_whole(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    token = bench.token()
    body = {"touser": follower, "template_id": "T", "data": {"航班": {"value": "CA1501"}}}
    msgid = bench.post("/cgi-bin/message/template/send", body, access_token=token)["msgid"]
    page = page_of(bench.url)
    row = page.locator(".exchange", has_text="template/send")
    row.locator("summary").click()

    expect(row.locator("pre").first).to_contain_text('"value": "CA1501"')
    expect(row.locator("pre").last).to_contain_text(f'"msgid": {msgid}')
    assert token not in page.content()


def test_filters_leave_what_is_asked_for(bench: Bench, page_of: Opening, follower: str) -> None:
    bench.act(follower, "text", content="hi")
    bench.send("oNobody")
    page = page_of(bench.url)
    expect(page.locator(".exchange:visible")).to_have_count(3)
    for name, count in (("Pushes", 1), ("Calls", 2), ("Trouble", 1)):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(".exchange:visible")).to_have_count(count)


def test_several_people_stand_side_by_side_and_on_a_small_screen_one_at_a_time(
    bench: Bench, page_of: Opening
) -> None:
    openids = [bench.user(), bench.user()]
    page = page_of(bench.url)
    page.locator(f"[data-person={openids[1]}]").click()
    expect(page.locator(".phone:visible")).to_have_count(2)
    say(page, "from the second")
    expect(page.locator(f".phone[data-openid={openids[1]}] .message.out")).to_have_text("from the second")
    page.locator("[data-person=more]").click()
    expect(page.locator(".phone:visible")).to_have_count(3)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".phone:visible")).to_have_count(1)
    page.locator(f"[data-person={openids[0]}]").click()

    expect(page.locator(f".phone[data-openid={openids[0]}]")).to_be_visible()
    assert len(bench.get("/sim/users")["users"]) == 3
    assert pushed(bench, "FromUserName") == [openids[1]]


def test_a_small_screen_shows_phone_exchanges_and_controls_in_turn(
    bench: Bench, page_of: Opening, follower: str
) -> None:
    bench.act(follower, "text", content="hi")
    page = page_of(bench.url, viewport=PHONE)
    views = {"Phone": ".phone", "Exchanges": "#exchanges", "Controls": "#faults"}
    for name in views:
        page.locator("#views").get_by_role("button", name=name).click()
        for other, shown in views.items():
            expect(page.locator(shown)).to_be_visible(visible=other == name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_reset_asks_twice_and_forgets_everything(bench: Bench, page_of: Opening, follower: str) -> None:
    bench.act(follower, "text", content="hi")
    page = page_of(bench.url)
    expect(page.locator(".exchange")).to_have_count(1)
    page.locator("[data-control=reset]").click()
    expect(page.locator("[data-control=reset]")).to_have_text("Once more to forget all")
    assert len(bench.phone(follower)) == 2
    page.locator("[data-control=reset]").click()

    expect(page.locator(".message")).to_have_count(0)
    expect(page.locator(".exchange")).to_have_count(0)


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.evaluate_all("found => found.includes(document.activeElement)"):
            return
    raise AssertionError(f"Tab does not reach {target}")


def test_the_keyboard_alone_is_enough(bench: Bench, page_of: Opening) -> None:
    page = page_of(bench.url)
    expect(page.locator(".follow .main")).to_be_visible()
    tab_to(page, page.locator(".follow .main"))
    page.keyboard.press("Enter")
    expect(page.locator("textarea")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("CA1501")
    page.keyboard.press("Enter")
    expect(page.locator(".message.in .bubble")).to_have_text(["收到", "收到"])
    tab_to(page, page.locator(".composer form [aria-expanded]"))
    page.keyboard.press("Enter")
    expect(page.locator("[data-tool=image]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".composer form [aria-expanded]")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.locator("[data-tool=location]"))
    page.keyboard.press("Enter")
    expect(page.locator("dialog input").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".message.out[data-type=location]")).to_be_visible()
    tab_to(page, page.locator("[data-control=fault-busy]"))
    page.keyboard.press("Enter")
    expect(page.locator(".waiting")).to_contain_text("busy")
    expect(page.locator("[data-control=fault-busy]")).to_be_focused()
    tab_to(page, page.locator(".exchange summary"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".exchange").nth(1).locator("pre").first).to_contain_text("CA1501")
    tab_to(page, page.get_by_role("button", name="Copy as curl"))
