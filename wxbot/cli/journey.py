"""The scripted traveller of `wxbot demo --headless`: what happens, and what the phone must show.

Played over HTTP against the running processes; only the simulated time is fast.
"""

import difflib
import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import click
import requests

from wxbot.cli.processes import python

_BEIJING = timezone(timedelta(hours=8))
START = datetime(2026, 11, 25, 7, 0, 10, tzinfo=_BEIJING).timestamp()  # when the traveller follows the account
_PATIENCE = 8.0  # seconds of real time for anything to arrive


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: time passes until `until` (Beijing), then the traveller acts, if `action`.

    `adds` is how many lines the phone shows more, `held` how many follow-ups wait for the user after it.
    """

    adds: int
    until: str = ""
    action: Mapping[str, str] | None = None
    held: int = 0


SCRIPT = (
    Step(adds=2, action={"type": "subscribe"}),
    Step(adds=2, action={"type": "text", "content": "CA1501"}),
    Step(adds=1, until="11-25 10:05"),
    Step(adds=1, until="11-25 12:35"),
    Step(adds=1, until="11-25 13:25"),
    Step(adds=1, until="11-25 16:25"),
    Step(adds=0, until="11-27 16:25", held=1),
    Step(adds=2, until="11-27 18:00", action={"type": "text", "content": "里程到账了吗"}),
)
EXPECTED = """\
URL verification: ok
11-25 07:00  → user       [subscribe]
11-25 07:00  ← reply      欢迎关注航班动态。发送航班号（例如 CA1501），值机、登机口、登机和到达都会通知你。
11-25 07:00  → user       CA1501
11-25 07:00  ← reply      CA1501 北京首都 T3 → 上海虹桥 T2 ⏎ 11-25 计划 14:05 起飞，16:25 到达 ⏎ 准点，登机口待定。有变化会通知你。
11-25 10:05  ← follow-up  CA1501 开始值机，请提前办理。
11-25 12:35  ← follow-up  CA1501 登机口 C23。
11-25 13:25  ← follow-up  CA1501 开始登机，请前往 C23 登机口。
11-25 16:25  ← follow-up  CA1501 已到达上海虹桥 T2，行李转盘 12。 ⏎ （回复任意内容，继续接收通知）
11-27 16:25  on hold      the window is closed until the user writes again
11-27 18:00  → user       里程到账了吗
11-27 18:00  ← reply      CA1501 的里程 1,178 公里已入账。 ⏎ 发送航班号，例如 CA1501；发送「人工」找客服。
""".splitlines()


def play(platform: str, environment: Mapping[str, str]) -> int:
    """Play the script, print the conversation; return the exit code: 1 when anything differs."""
    traveller = _Traveller(platform, environment)
    started = time.monotonic()
    lines = traveller.travel()
    for line in lines:
        click.echo(line)
    wrong = [*_difference(lines), *traveller.broken_promises()]
    for line in wrong:
        click.echo(line, err=True)
    click.echo(f"{'differs' if wrong else 'as expected'}, {time.monotonic() - started:.1f} s of real time")
    return 1 if wrong else 0


def _difference(lines: Sequence[str]) -> list[str]:
    return list(difflib.unified_diff(EXPECTED, lines, "expected", "played", lineterm=""))


class _Traveller:
    """One user of the simulated platform, and a look into the bot's outbox."""

    def __init__(self, platform: str, environment: Mapping[str, str]) -> None:
        self._platform, self._environment = platform, environment
        self._http = requests.Session()
        self._http.trust_env = False
        self._openid = ""
        self._lines: list[str] = []

    def travel(self) -> list[str]:
        """Return the conversation, one line for each thing that happened."""
        verified = self._post("/sim/verify")
        self._lines.append(f"URL verification: {'ok' if verified['ok'] else verified}")
        self._openid = self._post("/sim/users")["openid"]
        for step in SCRIPT:
            self._play(step)
        return self._lines

    def broken_promises(self) -> list[str]:
        """Return what the platform's ledger says we did wrong; nothing is expected there."""
        ledger = self._get("/sim/ledger")
        wrong = ("outside_window", "over_quota", "duplicates", "out_of_order", "notices")
        return [f"the platform counts {name} = {ledger[name]}" for name in wrong if ledger[name]]

    def _play(self, step: Step) -> None:
        shown = len(self._phone())
        if step.until:
            self._advance(step.until)
        if step.action:
            self._post(f"/sim/users/{self._openid}/actions", step.action)
        self._wait(lambda: len(self._phone()) >= shown + step.adds)
        self._lines += [_line(item) for item in self._phone()[shown:]]
        if step.held:
            self._wait(lambda: len(self._held()) == step.held)
            self._lines += [f"{_clock(self._now())}  on hold      {one['reason']}" for one in self._held()]

    def _advance(self, until: str) -> None:
        year = datetime.fromtimestamp(START, _BEIJING).year
        moment = datetime.strptime(f"{year}-{until}", "%Y-%m-%d %H:%M").replace(tzinfo=_BEIJING)
        self._post("/sim/clock", {"advance": moment.timestamp() + 1 - self._now()})

    def _now(self) -> float:
        return float(self._get("/sim/clock")["now"])

    def _phone(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._get(f"/sim/users/{self._openid}/phone")["items"]
        return items

    def _held(self) -> list[dict[str, Any]]:
        command = python("-m", "wxbot.cli", "outbox", "list", "--state", "held", "--json")
        done = subprocess.run(command, env=dict(self._environment), capture_output=True, check=True, timeout=20)
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def _wait(self, arrived: Any) -> None:
        end = time.monotonic() + _PATIENCE
        while not arrived() and time.monotonic() < end:
            time.sleep(0.05)

    def _get(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self._http.get(self._platform + path, timeout=10).json()
        return found

    def _post(self, path: str, body: object = None) -> dict[str, Any]:
        found: dict[str, Any] = self._http.post(self._platform + path, json=body or {}, timeout=20).json()
        return found


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, _BEIJING).strftime("%m-%d %H:%M")


def _line(item: Mapping[str, Any]) -> str:
    channel = {"user": "→ user", "passive": "← reply", "custom": "← follow-up"}.get(item["via"], item["via"])
    return (
        f"{_clock(item['at'])}  {channel:<12} {item['text'].replace(chr(10) * 2, chr(10)).replace(chr(10), ' ⏎ ')}"
    )
