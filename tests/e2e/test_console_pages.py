"""The console in a real browser: at both widths, in both languages, by keyboard alone."""

import pytest
from playwright.sync_api import expect

from e2e.conftest import DESKTOP, PHONE, Opening
from e2e.console_browser import ASK, fits, signed_in
from flow.stage import Stage


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_conversation_is_answered_and_comes_alive_by_itself(
    stage: Stage, page_of: Opening, viewport: dict[str, int], locale: str
) -> None:
    openid = stage.user()
    stage.say(openid, "请问登机口?")
    page = signed_in(stage, page_of, viewport=viewport, locale=locale)
    assert fits(page)

    page.get_by_text("请问登机口?").click()
    page.get_by_role("textbox").fill("登机口 C23")
    page.get_by_role("button", name="Send" if locale == "en-GB" else "发送").click()

    expect(page.get_by_text("by ann" if locale == "en-GB" else "ann 发送")).to_be_visible()
    stage.until_equal(["登机口 C23"], lambda: stage.shown(openid, "custom"))
    stage.say(openid, "谢谢")
    expect(page.get_by_text("谢谢")).to_be_visible()
    assert fits(page)


def test_what_is_being_typed_stays_while_the_page_renews_itself(stage: Stage, page_of: Opening) -> None:
    openid = stage.user()
    stage.say(openid, "one")
    page = signed_in(stage, page_of)
    page.get_by_text("one", exact=True).click()
    page.get_by_role("textbox").fill("half an ans")

    stage.say(openid, "two")

    expect(page.get_by_text("two", exact=True)).to_be_visible()
    expect(page.get_by_role("textbox")).to_be_focused()
    expect(page.get_by_role("textbox")).to_have_value("half an ans")


def test_everything_can_be_done_by_keyboard(stage: Stage, page_of: Opening) -> None:
    openid = stage.user()
    stage.say(openid, "hello")
    page = signed_in(stage, page_of)

    page.keyboard.press("Tab")
    expect(page.get_by_text("To the content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('row')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{openid}")
    page.get_by_role("textbox").focus()
    page.keyboard.type("hi")
    page.keyboard.press("Control+Enter")

    stage.until_equal(["hi"], lambda: stage.shown(openid, "custom"))


def test_a_hidden_tab_asks_for_nothing(stage: Stage, page_of: Opening) -> None:
    page = signed_in(stage, page_of)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/conversations" in request.url else None)

    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.evaluate(ASK)
    page.evaluate("delete document.hidden")
    with page.expect_request("**/conversations"):
        page.evaluate(ASK)

    assert len(asked) == 1


def test_a_link_that_is_lost_is_told(stage: Stage, page_of: Opening) -> None:
    page = signed_in(stage, page_of)
    expect(page.locator("#offline")).to_be_hidden()

    page.route("**/conversations", lambda route: route.fulfill(status=503))
    page.evaluate(ASK)

    expect(page.locator("#offline")).to_be_visible()
    page.unroute("**/conversations")
    page.evaluate(ASK)
    expect(page.locator("#offline")).to_be_hidden()
