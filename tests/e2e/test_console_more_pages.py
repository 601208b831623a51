"""Topics, calendar, charts and health in a real browser: at both widths, without an error."""

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import DESKTOP, PHONE, Opening
from e2e.console_browser import ASK, console, fits, signed_in
from flow.stage import Stage
from flow.test_console_topics import NAME, plan_it, subscriber, write
from wxbot.store import counts


def opened(stage: Stage, page_of: Opening, path: str, viewport: dict[str, int]) -> Page:
    page = signed_in(stage, page_of, viewport=viewport)
    page.goto(f"{console(stage)}/default/{path}")
    return page


WIDTHS = pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])


@WIDTHS
def test_a_message_is_published_by_keyboard_alone(stage: Stage, page_of: Opening, viewport: dict[str, int]) -> None:
    openid = subscriber(stage)
    page = opened(stage, page_of, f"topics/{NAME}", viewport)

    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 subscribers; 1 of them can be reached now")).to_be_visible()
    assert fits(page)
    page.keyboard.press("Tab")
    page.keyboard.type("C23")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("Published.")).to_be_visible()
    stage.until_equal(["C23"], lambda: stage.shown(openid, "custom"))
    expect(page.get_by_text("1 made")).to_be_visible()
    assert fits(page)


def test_a_subscription_is_ended_from_the_live_list(stage: Stage, page_of: Opening) -> None:
    subscriber(stage)
    page = opened(stage, page_of, f"topics/{NAME}", DESKTOP)

    page.get_by_role("button", name="End").click()

    expect(page.get_by_text("Nobody subscribes to it.")).to_be_visible()


def test_a_plan_is_cancelled_only_when_it_is_meant(stage: Stage, page_of: Opening) -> None:
    subscriber(stage)
    plan_it(stage)
    page = opened(stage, page_of, f"topics/{NAME}", DESKTOP)

    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Cancel the plan").click()
    expect(page.get_by_text("Move the plan")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel the plan").click()

    expect(page.get_by_text("The plan is cancelled")).to_be_visible()


@WIDTHS
def test_charts_are_drawn_and_drawn_anew_and_can_be_read_as_numbers(
    stage: Stage, page_of: Opening, viewport: dict[str, int]
) -> None:
    page = opened(stage, page_of, "charts", viewport)
    expect(page.locator("canvas")).to_have_count(3)
    assert fits(page)

    write(stage, lambda tx: counts.add(tx, "default", stage.clock.now(), "pushes", 4321))
    page.reload()
    page.evaluate(ASK)
    page.get_by_role("button", name="Show numbers").click()

    expect(page.get_by_text("4,321")).to_be_visible()
    expect(page.locator(".charts")).to_be_hidden()
    assert fits(page)


def test_charts_without_scripts_are_tables(stage: Stage, page_of: Opening) -> None:
    page = signed_in(stage, page_of, java_script_enabled=False)

    page.goto(f"{console(stage)}/default/charts")

    expect(page.get_by_role("table")).to_have_count(4)
    expect(page.locator(".charts")).to_be_hidden()


@WIDTHS
@pytest.mark.parametrize("path", ["topics", "calendar", "calendar?day=2027-01-15", "health"])
def test_a_page_fits_and_renews_itself(stage: Stage, page_of: Opening, viewport: dict[str, int], path: str) -> None:
    subscriber(stage)
    plan_it(stage)
    page = opened(stage, page_of, path, viewport)
    assert fits(page)

    with page.expect_response(lambda answer: path.split("?")[0] in answer.url) as answered:
        page.evaluate(ASK)

    assert answered.value.status in (200, 304)
    assert fits(page)
