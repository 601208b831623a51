"""The page for programs is true: each of its programs runs, on the bot of the README."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests

from simulator.bench import served
from wxbot.clock import SystemClock
from wxbot.simulator.app import SimulatorConfig, create_simulator
from wxbot.testing import staged

ROOT = Path(__file__).parents[2]
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
TESTING, FLASK, CALLING = PYTHON.findall((ROOT / "docs" / "programs.md").read_text("utf-8"))


@pytest.fixture
def mybot(monkeypatch: pytest.MonkeyPatch) -> Any:
    module = ModuleType("mybot")
    exec(PYTHON.findall((ROOT / "README.md").read_text("utf-8"))[0], module.__dict__)
    monkeypatch.setitem(sys.modules, "mybot", module)
    return module.bot


def run(code: str) -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, "docs/programs.md", "exec"), scope)
    return scope


def test_the_test_of_a_bot_passes(mybot: Any) -> None:
    with staged(mybot) as stage:
        run(TESTING)["test_a_traveller_hears_of_boarding"](stage)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, database: Path) -> SimulatorConfig:
    config = SimulatorConfig()
    monkeypatch.chdir(database.parent)
    secrets = {"TOKEN": config.token, "APPID": config.appid, "APPSECRET": config.secret, "MODE": "plain"}
    for name, value in {**secrets, "DATABASE_URL": "sqlite:///wxbot.db"}.items():
        monkeypatch.setenv(f"WXBOT_{name}", value)
    return config


def test_the_flask_application_serves_the_bot(mybot: Any, account: SimulatorConfig) -> None:
    client = run(FLASK)["app"].test_client()

    assert client.get("/wechat").status_code == 403  # wxbot's, and not signed
    assert client.get("/console/sign-in").status_code == 200


def test_the_program_that_only_calls_is_answered(
    account: SimulatorConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(create_simulator(account, SystemClock())) as platform:  # type: ignore[arg-type]  # it is not moved
        requests.post(f"{platform}/sim/users", json={"openid": "oTraveller"})
        requests.post(f"{platform}/sim/users/oTraveller/actions", json={"type": "text", "content": "hi"})
        monkeypatch.setenv("WXBOT_API_BASE", platform)

        run(CALLING)

        assert "您好" in requests.get(f"{platform}/sim/users/oTraveller/phone").json()["items"][-1]["text"]
    assert "oTraveller" in capsys.readouterr().out
