"""The pictures of the console: an airport's account in the afternoon, seen by an owner."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks.phone_scene import Scene, stage
from wxbot.store import console_users as users
from wxbot.store.engine import Store

_DESKTOP = {"width": 1280, "height": 820}
_PHONE = {"width": 390, "height": 844}
_PASSWORD = "correct horse battery"
_SAID = ("CA1501", "值机", "CA1831 几点到?", "登机口在哪里", "谢谢!", "行李转盘是几号")


def take(browser: Browser, folder: Path) -> None:
    """Play the scene and write the pictures into a folder."""
    with stage() as scene:
        _play(scene)
        with _page(browser, scene, _DESKTOP, "en-GB", "light") as page:
            _shoot(page, "/default/conversations?order=recent", folder / "console-conversations.png")
            _shoot(page, "/default/outbox", folder / "console-outbox.png")
            _shoot(page, "/default/charts", folder / "console-charts.png")
            page.wait_for_timeout(11_000)  # until the sender has told that it lives, at the time it is now
            _shoot(page, "/default/health", folder / "console-health.png")
        with _page(browser, scene, _DESKTOP, "zh-CN", "dark") as page:
            _shoot(page, f"/default/conversations/{scene.openids[0]}", folder / "console-conversation.png")
            _shoot(page, "/default/calendar", folder / "console-calendar.png")
            page.goto(page.url.replace("calendar", "outbox"))
            page.locator("main a[href*='/outbox/']").first.click()
            page.wait_for_load_state()
            page.screenshot(path=folder / "console-follow-up.png")
        with _page(browser, scene, _PHONE, "zh-CN", "light") as page:
            _shoot(page, f"/default/conversations/{scene.openids[0]}", folder / "console-narrow.png")
        with _page(browser, scene, _PHONE, "en-GB", "dark") as page:
            _shoot(page, "/default/topics", folder / "console-narrow-topics.png")


def _shoot(page: Page, path: str, to: Path) -> None:
    page.goto(page.url.partition("/console")[0] + "/console" + path)
    page.wait_for_timeout(300)  # charts are drawn after the page is there
    page.screenshot(path=to)


def _play(scene: Scene) -> None:
    scene.openids.extend(scene.post("/sim/users", {})["openid"] for _ in range(6))
    scene.act(0, "subscribe")
    scene.act(0, "text", content="CA1501")
    scene.until(10, 5, items=5)
    for number, text in enumerate(_SAID):
        scene.act(2 + number, "text", content=text)
        scene.post("/sim/clock", {"advance": 700})
    scene.until(12, 35, items=6)
    scene.act(0, "text", content="登机口变了吗")
    scene.until(13, 25, items=9)
    scene.act(1, "subscribe", scene="gate-c23")
    scene.post("/sim/clock", {"advance": 60})
    store, hashed = Store(scene.database_url), users.hash_password("ann", _PASSWORD)
    store.write(lambda tx: users.add(tx, "ann", hashed, "owner", None, 0.0))
    store.close()


@contextmanager
def _page(browser: Browser, scene: Scene, viewport: Any, locale: str, scheme: Any) -> Iterator[Page]:
    context = browser.new_context(viewport=viewport, locale=locale, color_scheme=scheme)
    page = context.new_page()
    page.goto(scene.webhook.replace("/wechat", "/console"))
    page.fill("[name=name]", "ann")
    page.fill("[name=password]", _PASSWORD)
    page.click("button.strong")
    page.wait_for_url("**/conversations")
    yield page
    context.close()
