"""Somebody at the console in a browser."""

from typing import Any

from playwright.sync_api import Page

from e2e.conftest import Opening
from flow.console_bench import PASSWORD
from flow.stage import Stage

ASK = "htmx.trigger(document.querySelector('[hx-get]'), 'every')"  # what the page does every few seconds


def console(stage: Stage) -> str:
    return stage.webhook.removesuffix("/wechat") + "/console"


def signed_in(stage: Stage, page_of: Opening, **surroundings: Any) -> Page:
    page = page_of(console(stage), **surroundings)
    page.fill("[name=name]", "ann")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/conversations")
    return page


def fits(page: Page) -> bool:
    """Whether nothing stands out to the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
