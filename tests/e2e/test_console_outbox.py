"""Outbox, people and trail in a real browser: at both widths, by keyboard, without an error."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import DESKTOP, PHONE, Opening
from e2e.console_browser import ASK, console, fits, signed_in
from flow.stage import Stage
from flow.test_console_outbox import put


def outbox(stage: Stage, page_of: Opening, query: str = "", **surroundings: Any) -> Page:
    page = signed_in(stage, page_of, **surroundings)
    page.goto(f"{console(stage)}/default/outbox{query}")
    return page


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_what_is_selected_by_keyboard_is_cancelled(
    still: Stage, page_of: Opening, viewport: dict[str, int]
) -> None:
    for number in range(3):
        put(still, f"message {number} " + "long " * 30, state="held", topic="flight:CA1501")
    page = outbox(still, page_of, "?state=held", viewport=viewport)
    assert fits(page)

    page.get_by_label("Select 3").focus()
    page.keyboard.press("Space")
    page.get_by_label("Select 1").focus()
    page.keyboard.press("Space")
    page.get_by_role("group").get_by_role("button", name="Cancel").first.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Cancelled: 2.")).to_be_visible()
    assert still.states() == ["cancelled", "held", "cancelled"]
    assert fits(page)


def test_the_list_keeps_still_while_somebody_chooses_and_lives_on_after(still: Stage, page_of: Opening) -> None:
    put(still, "first", state="held")
    page = outbox(still, page_of, "?state=held")
    page.get_by_label("All on this page").check()
    expect(page.get_by_label("Select 1")).to_be_checked()

    put(still, "second", state="held")
    page.evaluate(ASK)
    expect(page.get_by_label("Select 1")).to_be_checked()
    expect(page.get_by_text("second")).to_have_count(0)
    page.get_by_label("All on this page").uncheck()
    page.evaluate(ASK)

    expect(page.get_by_text("second")).to_be_visible()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_all_of_a_state_are_done_only_after_a_question_and_the_progress_is_seen(
    stage: Stage, page_of: Opening, viewport: dict[str, int]
) -> None:
    for _ in range(60):
        put(stage, due_at=stage.clock.now() + 86_400)
    page = outbox(stage, page_of, "?state=scheduled", viewport=viewport)
    button = page.get_by_role("group").get_by_role("button", name="Cancel").last
    page.once("dialog", lambda one: one.dismiss())
    button.click()
    assert stage.rows("SELECT id FROM errands") == []

    page.once("dialog", lambda one: one.accept())
    button.click()

    expect(page.get_by_text("60 of 60 looked at, 60 changed")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert stage.states() == ["cancelled"] * 60
    assert fits(page)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_somebody_is_let_in_and_it_stands_in_the_trail(
    still: Stage, page_of: Opening, viewport: dict[str, int]
) -> None:
    id = put(still, "x" * 300, state="refused", key="k" * 200)
    page = outbox(still, page_of, viewport=viewport)
    page.goto(f"{console(still)}/people")
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Password").fill("a very new password")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="bob")).to_be_visible()
    assert fits(page)

    page.get_by_role("link", name="Audit trail").click()

    expect(page.get_by_text("let somebody in bob")).to_be_visible()
    for path in ("/people", "/audit", "/sessions", f"/default/outbox/{id}", "/default/pushes/failed"):
        page.goto(console(still) + path)
        assert fits(page), path
