"""wxbot inside a Flask application of somebody else's."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from flask import Flask, request
from flask_wtf.csrf import CSRFProtect

from flow.stage import text_push
from simulator.bench import StoppedClock, served
from wxbot import Bot, Context, after
from wxbot.embedded import WxBot
from wxbot.errors import SettingsError
from wxbot.protocol.signature import sign
from wxbot.simulator.app import SimulatorConfig, create_simulator


@pytest.fixture
def bot() -> Bot:
    bot = Bot()

    @bot.text()
    def told(ctx: Context) -> str:
        ctx.follow_up("later", at=after(seconds=1))
        return "now"

    return bot


def host(database: Path, platform: str = "http://127.0.0.1:1") -> Flask:
    """A shop that protects its forms, with wxbot's settings in its config."""
    app, config = Flask("shop"), SimulatorConfig()
    app.config.update(
        SECRET_KEY="a secret of the shop",
        WXBOT_TOKEN=config.token,
        WXBOT_APPID=config.appid,
        WXBOT_APPSECRET=config.secret,
        WXBOT_MODE="plain",
        WXBOT_API_BASE=platform,
        WXBOT_DATABASE_URL=f"sqlite:///{database}",
    )
    CSRFProtect(app)

    @app.get("/")
    @app.get("/wechat-shop")
    def front() -> str:
        return f"the shop at {request.path}"

    return app


def post(app: Flask, path: str, clock: StoppedClock, msgid: int = 1) -> str:
    stamp = str(int(clock.now()))
    nonce = str(msgid)
    query = {"signature": sign("Wechat4go", stamp, nonce), "timestamp": stamp, "nonce": nonce}
    return app.test_client().post(path, query_string=query, data=text_push("hi", msgid=msgid)).text


@pytest.mark.parametrize(("prefix", "path"), [("", "/wechat"), ("/wx", "/wx/wechat")])
def test_a_push_is_answered_beside_the_pages_of_the_application(
    database: Path, bot: Bot, prefix: str, path: str
) -> None:
    app, clock = host(database), StoppedClock()
    WxBot(bot, clock).init_app(app, url_prefix=prefix)

    assert "now" in post(app, path, clock)
    assert app.test_client().get("/wechat-shop").text == "the shop at /wechat-shop"
    assert app.test_client().get("/").text == "the shop at /"
    page = app.test_client().get(f"{prefix}/console/sign-in")
    assert f'href="{prefix}/console/static/' in page.text
    assert f"Path={prefix}/console;" in page.headers["Set-Cookie"] + ";"


def test_only_what_is_wanted_of_wxbot_is_served(database: Path, bot: Bot) -> None:
    app = host(database)
    WxBot(bot, StoppedClock()).init_app(app, serves=["/wechat"])

    assert app.test_client().get("/console/").status_code == 404
    assert app.test_client().get("/wechat").status_code == 403


def test_mistakes_in_the_config_are_told_when_the_application_is_made(database: Path, bot: Bot) -> None:
    app = host(database)
    app.config["WXBOT_MODE"] = "open"
    del app.config["WXBOT_APPID"]

    with pytest.raises(SettingsError, match=r"(?s)WXBOT_MODE.*appid|appid.*WXBOT_MODE"):
        WxBot(bot).init_app(app)


@contextmanager
def sending(wxbot: WxBot, app: Flask) -> Iterator[None]:
    sender = wxbot.sender(app)
    thread = threading.Thread(target=sender.run)
    thread.start()
    try:
        yield
    finally:
        sender.stop()
        thread.join()


def test_commands_and_a_sender_work_on_the_applications_settings(
    database: Path, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WXBOT_TOKEN", "what the commands leave behind goes with the test")
    clock = StoppedClock()
    with served(create_simulator(SimulatorConfig(), clock)) as platform:
        user = requests.post(f"{platform}/sim/users", json={"openid": "oUser"}).json()["openid"]
        app, wxbot = host(database, platform), WxBot(bot, clock)
        wxbot.init_app(app)
        with served(app) as web, sending(wxbot, app):
            requests.post(f"{platform}/sim/settings", json={"webhook": f"{web}/wechat"})
            action = {"type": "text", "content": "hi"}
            requests.post(f"{platform}/sim/users/{user}/actions", json=action)
            clock.advance(1)
            while "later" not in requests.get(f"{platform}/sim/users/{user}/phone").text:
                pass

        with monkeypatch.context() as patch:
            for name in app.config:
                if name.startswith("WXBOT_"):
                    patch.setenv(name, "")  # restored with the test
            runner = app.test_cli_runner()
            listed = runner.invoke(args=["wxbot", "contacts", "show", "--json"])
            told = runner.invoke(args=["wxbot", "--help"])

    assert [one["openid"] for one in json.loads(listed.stdout)] == [user]
    assert "sender" in told.stdout
    assert "simulator" not in told.stdout


def test_each_process_makes_its_own(monkeypatch: pytest.MonkeyPatch, database: Path, bot: Bot) -> None:
    app, clock = host(database), StoppedClock()
    WxBot(bot, clock).init_app(app)
    assert "now" in post(app, "/wechat", clock)

    monkeypatch.setattr(os, "getpid", lambda: 1)  # as after a fork: a store of before refuses

    assert "now" in post(app, "/wechat", clock, msgid=2)
