"""`wxbot demo`: the whole thing on one machine, without an account."""

import os
import secrets
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import requests

from wxbot import log
from wxbot.cli import journey
from wxbot.cli.processes import Child, Processes, check_free, python
from wxbot.cli.serve import web_and_sender
from wxbot.clock import SharedClock
from wxbot.errors import SettingsError, WxbotError
from wxbot.shipped import shipped
from wxbot.simulator.config import DEV_AES_KEY, DEV_APPID, DEV_SECRET, DEV_TOKEN
from wxbot.store import console_users as users
from wxbot.store import migrate as migrations
from wxbot.store.engine import Store

_READY_WITHIN = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Place:
    """Where one demo runs."""

    folder: Path
    port: int
    simulator_port: int
    quiet: bool  # keep the processes' messages in a file
    password: str = field(default_factory=lambda: secrets.token_hex(6), repr=False)  # of the console's owner

    @property
    def webhook(self) -> str:
        """The server URL."""
        return f"http://127.0.0.1:{self.port}/wechat"

    @property
    def platform(self) -> str:
        """The simulated platform's address, which is also its page's."""
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def clock_file(self) -> Path:
        """The time that all processes of the demo share."""
        return self.folder / "clock"

    def environment(self) -> dict[str, str]:
        """Return the bot's environment; none of the caller's own settings reach it."""
        foreign = {name: value for name, value in os.environ.items() if not name.startswith("WXBOT_")}
        return foreign | {
            "WXBOT_TOKEN": DEV_TOKEN,
            "WXBOT_APPID": DEV_APPID,
            "WXBOT_APPSECRET": DEV_SECRET,
            "WXBOT_AES_KEY": DEV_AES_KEY,
            "WXBOT_MODE": "safe",
            "WXBOT_API_BASE": self.platform,
            "WXBOT_BOT": "wxbot.examples.flight:bot",
            "WXBOT_BIND": f"127.0.0.1:{self.port}",
            "WXBOT_DATABASE_URL": f"sqlite:///{self.folder / 'wxbot.db'}",
            "WXBOT_CLOCK_FILE": str(self.clock_file),
            "WXBOT_CONFIG": str(self.settings_file),
        }

    @property
    def settings_file(self) -> Path:
        """What no variable can say: the console is looked at without TLS."""
        return self.folder / "wxbot.toml"

    def write_settings(self) -> None:
        """Write the settings, and let somebody into the console."""
        self.settings_file.write_text("[console]\nhttps = false\n", "utf-8")
        migrations.migrate(self.environment()["WXBOT_DATABASE_URL"])
        store, hashed = Store(self.environment()["WXBOT_DATABASE_URL"]), users.hash_password("demo", self.password)
        store.write(lambda tx: users.add(tx, "demo", hashed, "owner", None, time.time()))
        store.close()

    @property
    def environment_file(self) -> Path:
        """A shell file that lets the other commands look into this demo."""
        return self.folder / "environment"

    def write_environment(self) -> None:
        """Write the environment's own part as shell exports."""
        own = [(name, value) for name, value in self.environment().items() if name.startswith("WXBOT_")]
        self.environment_file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in own))

    def children(self) -> list[Child]:
        """Return the three processes: the platform, the web, the sender."""
        environment = self.environment()
        arguments = ["--port", str(self.simulator_port), "--webhook", self.webhook, "--mode", "safe"]
        files = ["--state", str(self.folder / "simulator.json"), "--clock-file", str(self.clock_file)]
        simulator = python("-m", "wxbot.cli", "simulator", *arguments, *files)
        children = [Child("simulator", simulator, environment), *web_and_sender(environment)]
        return [replace(child, messages=self.messages) for child in children] if self.quiet else children

    @property
    def messages(self) -> Path:
        """What the processes said, when the demo itself is to be read."""
        return self.folder / "messages.log"


@click.command()
@click.option("--headless", is_flag=True, help="Play a traveller in fast time, print the conversation, and end.")
@click.option("--port", default=8000, show_default=True, help="Where the bot listens.")
@click.option("--simulator-port", default=8100, show_default=True, help="Where the platform and its page listen.")
def demo(headless: bool, port: int, simulator_port: int) -> None:
    """Run the simulated platform, the flight bot and a sender on this machine."""
    log.configure(quiet=headless)
    if port == simulator_port:
        raise SettingsError(f"--port and --simulator-port are both {port}: the bot and the platform need one each")
    for option, number in (("--port", port), ("--simulator-port", simulator_port)):
        check_free(option, f"127.0.0.1:{number}")
    with tempfile.TemporaryDirectory(prefix="wxbot-demo-") as folder:
        place = Place(Path(folder), port, simulator_port, quiet=headless)
        place.write_environment()
        place.write_settings()
        clock = SharedClock(place.clock_file)
        if headless:
            clock.advance(journey.START - clock.now())
        with _running(place) as processes:
            if headless:
                sys.exit(_play(place))
            _push_menu(place)
            _tell(place)
            processes.watch()


def _play(place: Place) -> int:
    """Play the traveller; when anything differs, the processes' last messages stand below."""
    exit_code = journey.play(place.platform, place.environment())
    if exit_code:
        click.echo(place.messages.read_text("utf-8")[-4000:], err=True)
    return exit_code


def _push_menu(place: Place) -> None:
    """Give the phones the menu that `wxbot init` writes; without one the demo goes on all the same."""
    push = python("-m", "wxbot.cli", "menu", "push", str(shipped("menu.toml")))
    subprocess.run(push, env=place.environment(), capture_output=True, check=False, timeout=_READY_WITHIN)


@contextmanager
def _running(place: Place) -> Iterator[Processes]:
    processes = Processes(place.children())
    processes.start()
    try:
        _wait_for(processes, f"http://127.0.0.1:{place.port}/readyz")
        _wait_for(processes, f"{place.platform}/sim/clock")
        yield processes
    finally:
        processes.stop()


def _wait_for(processes: Processes, url: str) -> None:
    end = time.monotonic() + _READY_WITHIN
    while time.monotonic() < end and not processes.stopping:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    if not processes.stopping:
        raise WxbotError(f"nothing answered at {url} within {_READY_WITHIN:.0f} s; its messages stand above")


def _tell(place: Place) -> None:
    click.echo(f"""
  wxbot demo: a flight-status account on this machine

    the phone      {place.platform}/      open it, follow, and send CA1501
    the console    http://127.0.0.1:{place.port}/console      sign in as demo with {place.password}
    the server URL {place.webhook}
    its data       {place.folder}   (gone when the demo ends)

  On the page, move the time to see check-in, gate, boarding and landing arrive. Send 评价 and answer: the bot asks
  two questions in a row.
  Look behind it, in another terminal:

    . {place.environment_file}
    wxbot contacts        what may still be sent to whom
    wxbot menu show       the buttons below the chat
    wxbot outbox list     every follow-up and its fate
    wxbot explain 1       why it is where it is

  Ctrl-C ends it.
""")
