"""A real browser: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from flow.console_bench import let_in
from flow.stage import Stage, staged
from wxbot.reply.bot import Bot

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
_CALM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"]
_PATIENCE = 15_000  # milliseconds; only a failing test waits so long
expect.set_options(timeout=_PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for each process of the test run."""
    chromium = shutil.which("chromium")
    if chromium is None and not os.environ.get("CI"):
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=_CALM)
        yield running
        running.close()


Opening = Callable[..., Page]


@pytest.fixture
def page_of(browser: Browser) -> Iterator[Opening]:
    """Open a page in a context of its own; whatever it tells as an error fails the test.

    Keywords are those of Playwright's `new_context`. Statuses of 400 and above are the page's to
    handle, and no errors here.
    """
    opened: list[Page] = []
    errors: list[str] = []

    def open_page(url: str, **surroundings: Any) -> Page:
        context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **surroundings})
        page = context.new_page()
        page.set_default_timeout(_PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if _is_error(said) else None)
        page.goto(url)
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        _leave(page)
        page.context.close()
    assert errors == []


def _leave(page: Page) -> None:
    """Chromium 156 may never close a context whose page is just going elsewhere: that has to arrive first."""
    try:
        page.goto("about:blank")
    except Error:  # what was under way came between
        page.wait_for_load_state()
        page.goto("about:blank")


def _is_error(said: Any) -> bool:
    return said.type == "error" and "Failed to load resource" not in said.text


@contextmanager
def _console_stage(database: Path, *, sending: bool = True) -> Iterator[Stage]:
    """A stage whose bot answers every text, with an owner who may sign in."""
    bot = Bot()

    @bot.text()
    def echo() -> str:
        return "收到"

    with staged(f"sqlite:///{database}", bot, sending=sending) as running:
        let_in(running, "ann", "owner")
        yield running


@pytest.fixture
def stage(database: Path) -> Iterator[Stage]:
    with _console_stage(database) as running:
        yield running


@pytest.fixture
def still(database: Path) -> Iterator[Stage]:
    """The stage without a sender: what is queued stays."""
    with _console_stage(database, sending=False) as running:
        yield running
