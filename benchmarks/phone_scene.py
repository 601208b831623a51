"""The pictures of the phone: two travellers, a bot that is away for a moment, both widths and both schemes."""

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Page

from benchmarks.serving import free_port, served
from wxbot.app import create_app
from wxbot.settings import Settings
from wxbot.simulator.app import SimulatorConfig, create_simulator
from wxbot.store.migrate import migrate
from wxbot.wiring import create_sender

_BEIJING = timezone(timedelta(hours=8))
_START = datetime(2026, 11, 25, 8, 0, tzinfo=_BEIJING).timestamp()
_PATIENCE = 20.0  # seconds of real time for anything to arrive
_DESKTOP = {"width": 1280, "height": 860}
_PHONE = {"width": 390, "height": 844}
_MENU = [
    {
        "name": "航班",
        "sub_button": [
            {"name": "我的航班", "type": "click", "key": "MINE"},
            {"name": "登机指引", "type": "view", "url": "https://example.com/boarding"},
            {"name": "扫登机牌", "type": "scancode_waitmsg", "key": "PASS"},
        ],
    },
    {"name": "值机", "type": "view", "url": "https://example.com/check-in"},
    {"name": "帮助", "type": "click", "key": "HELP"},
]


class StoppedClock:
    """A time that only moves when told, so that the pictures are the same each time."""

    def __init__(self) -> None:
        self._now = _START

    def now(self) -> float:
        """Return simulated Unix seconds."""
        return self._now

    def monotonic(self) -> float:
        """Return real seconds, for leases."""
        return time.monotonic()

    def advance(self, seconds: float) -> None:
        """Move the time forward."""
        self._now += seconds


@dataclass(frozen=True, slots=True)
class Scene:
    """The simulated platform and who is on it."""

    platform: str
    webhook: str
    database_url: str
    openids: list[str] = field(default_factory=list)

    def post(self, path: str, body: Any) -> Any:
        """Post to a control route."""
        return requests.post(self.platform + path, json=body, timeout=60).json()

    def act(self, number: int, kind: str, **more: Any) -> None:
        """Let a person do something."""
        self.post(f"/sim/users/{self.openids[number]}/actions", {"type": kind, **more})

    def until(self, hour: int, minute: int, *, items: int) -> None:
        """Move the time to this hour in Beijing, and wait until the first phone shows so many items."""
        now = requests.get(f"{self.platform}/sim/clock", timeout=10).json()["now"]
        moment = datetime(2026, 11, 25, hour, minute, 1, tzinfo=_BEIJING).timestamp()
        self.post("/sim/clock", {"advance": moment - now})
        self.wait(lambda: len(self.phone(0)) >= items)

    def phone(self, number: int) -> list[Any]:
        """Return what a phone shows."""
        shown = requests.get(f"{self.platform}/sim/users/{self.openids[number]}/phone", timeout=10).json()
        return list(shown["items"])

    def wait(self, claim: Callable[[], bool]) -> None:
        """Wait until a claim holds; raises TimeoutError."""
        end = time.monotonic() + _PATIENCE
        while not claim():
            if time.monotonic() > end:
                raise TimeoutError(f"the phones show {[self.phone(number) for number in range(len(self.openids))]}")
            time.sleep(0.05)


def take(browser: Browser, folder: Path) -> None:
    """Play the scene and write the four pictures into a folder."""
    with stage() as scene:
        _play(scene)
        with _page(browser, scene, _DESKTOP, "zh-CN", "light") as page:
            page.locator(".exchange[data-direction=to_bot]", has_text="值机").locator("summary").click()
            _scroll(page, ".chat", 0)
            _scroll(page, "#exchanges", 0)
            page.screenshot(path=folder / "phone-desktop.png")
        with _page(browser, scene, _DESKTOP, "en-GB", "dark", phones=1) as page:
            page.locator("[data-control=fault-busy]").click()
            page.locator(".exchange", has_text="3 tries").locator("summary").click()
            page.locator(".composer form [aria-expanded]").click()
            _scroll(page, ".chat", 9999)
            page.locator(".waiting").wait_for()
            page.screenshot(path=folder / "phone-desktop-dark.png")
        with _page(browser, scene, _PHONE, "zh-CN", "light") as page:
            page.locator(f"[data-person={scene.openids[1]}]").click()
            page.locator(".phone.chosen form .icon-only").first.click()
            page.locator(".phone.chosen .entry button").first.click()
            _scroll(page, ".phone.chosen .chat", 9999)
            page.screenshot(path=folder / "phone-narrow.png")
        with _page(browser, scene, _PHONE, "en-GB", "dark") as page:
            page.locator("#views button").nth(1).click()
            page.locator(".exchange[data-direction=to_bot] summary").first.click()
            page.screenshot(path=folder / "phone-narrow-dark.png")


def _play(scene: Scene) -> None:
    scene.act(0, "subscribe")
    scene.act(0, "text", content="CA1501")
    scene.until(10, 5, items=5)
    scene.until(12, 35, items=6)
    scene.post("/sim/settings", {"webhook": f"http://127.0.0.1:{free_port()}/wechat"})
    scene.act(0, "text", content="登机口变了吗")
    scene.post("/sim/settings", {"webhook": scene.webhook})
    scene.until(13, 25, items=9)
    scene.until(16, 25, items=10)
    scene.act(1, "subscribe", scene="gate-c23")
    scene.act(1, "location", label="北京首都国际机场 T3")
    scene.act(1, "voice", phone={"seconds": 7}, recognition="登机口在哪里")
    scene.act(1, "text", content="值机")
    scene.act(1, "text", content="评价")
    scene.wait(lambda: any(item["type"] == "msgmenu" for item in scene.phone(1)))
    scene.post("/sim/clock", {"advance": 22})


@contextmanager
def _page(
    browser: Browser, scene: Scene, viewport: Any, locale: str, scheme: Any, *, phones: int = 2
) -> Iterator[Page]:
    context = browser.new_context(viewport=viewport, locale=locale, color_scheme=scheme)
    opened = str(scene.openids[:phones]).replace("'", '"')
    context.add_init_script(f"localStorage['phone.open'] = {opened!r}; localStorage['phone.welcomed'] = 'yes'")
    page = context.new_page()
    page.goto(scene.platform)
    page.locator(".exchange").first.wait_for(state="attached")
    page.locator(".message").first.wait_for(state="attached")
    yield page
    context.close()


def _scroll(page: Page, where: str, to: int) -> None:
    page.locator(where).first.evaluate(f"node => {{ node.scrollTop = {to}; }}")


@contextmanager
def stage() -> Iterator[Scene]:
    """Run the platform, wxbot and a sender, with two people who have not followed yet."""
    clock = StoppedClock()
    config = SimulatorConfig(mode="safe")
    with (
        tempfile.TemporaryDirectory(prefix="wxbot-pictures-") as folder,
        served(create_simulator(config, clock)) as platform,
    ):
        settings = _settings(config, platform, f"sqlite:///{folder}/wxbot.db")
        migrate(settings.database_url)
        sender = create_sender(settings, clock)
        running = threading.Thread(target=sender.run)
        with served(create_app(settings, clock)) as web:
            running.start()
            try:
                yield _peopled(Scene(platform, f"{web}/wechat", settings.database_url))
            finally:
                sender.stop()
                running.join()


def _peopled(scene: Scene) -> Scene:
    scene.post("/sim/settings", {"webhook": scene.webhook})
    scene.openids.extend(scene.post("/sim/users", {"following": False})["openid"] for _ in range(2))
    who = {"grant_type": "client_credential", "appid": SimulatorConfig().appid, "secret": SimulatorConfig().secret}
    token = scene.post("/cgi-bin/stable_token", who)["access_token"]
    raw = {"button": _MENU}
    requests.post(
        f"{scene.platform}/cgi-bin/menu/create", params={"access_token": token}, data=_json(raw), timeout=10
    )
    return scene


def _json(body: Any) -> bytes:
    """Return what the platform reads: text as it stands, never escaped."""
    return json.dumps(body, ensure_ascii=False).encode()


def _settings(config: SimulatorConfig, platform: str, url: str) -> Settings:
    secrets = {"token": config.token, "appsecret": config.secret, "aes_key": config.aes_key}
    known = {"mode": config.mode, "rights": config.rights, "appid": config.appid, "api_base": platform}
    return Settings.model_validate(
        {
            "account": {**secrets, **known},
            "database_url": url,
            "bot": "benchmarks.phone_bot:bot",
            "sender": {"poll": 0.05},
            "console": {"https": False},
        }
    )
