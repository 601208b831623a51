"""wxbot inside a Flask application of yours: the webhook, the push API and the console beside your own pages.

They are an application of their own behind yours: what you do before each request (sessions, CSRF, sign-in) does
not touch a push, and what wxbot does not touch your pages.
"""

import os
import threading
from collections.abc import Callable, Collection, Iterable
from typing import Any

import click
from flask import Flask

from wxbot import settings, wiring
from wxbot.app import create_app
from wxbot.cli import Lazy
from wxbot.clock import Clock
from wxbot.delivery.sender import Sender
from wxbot.reply.bot import Bot
from wxbot.settings import Settings

SERVES = ("/wechat", "/api/v1", "/console")
_NOT_HERE = {"demo", "init", "serve", "simulator"}  # your application is served as you serve it
_Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class WxBot:
    """A bot for `init_app`: `WxBot(bot).init_app(app)`."""

    def __init__(self, bot: Bot, clock: Clock | None = None) -> None:
        self._bot, self._clock = bot, clock

    def init_app(self, app: Flask, *, url_prefix: str = "", serves: Collection[str] = SERVES) -> None:
        """Let an application serve wxbot's paths below `url_prefix`, and `flask wxbot` run its commands.

        Settings are `app.config`'s names with WXBOT_, above the environment's. Raises SettingsError, with all
        mistakes in one. The store is opened at the first request, in each process.
        """
        using = settings_of(app)
        wxbot = _OfEachProcess(lambda: create_app(using, self._clock, self._bot))
        app.wsgi_app = _Beside(app.wsgi_app, wxbot, url_prefix, tuple(serves))  # type: ignore[method-assign]
        app.cli.add_command(_commands(app, self))

    def sender(self, app: Flask) -> Sender:
        """Return a sender for an application's store; `run` blocks, as `flask wxbot sender` does."""
        return wiring.create_sender(settings_of(app), self._clock, self._bot)


def settings_of(app: Flask) -> Settings:
    """Return the settings in an application's config and the environment; raises SettingsError."""
    return settings.load(_environment(app))


def _environment(app: Flask) -> dict[str, str]:
    given = {name: str(value) for name, value in app.config.items() if name.startswith("WXBOT_")}
    return {**os.environ, **given}


class _OfEachProcess:
    """An application that is made at the first request, and again after a fork: a store lives in one process."""

    def __init__(self, make: Callable[[], Flask]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: tuple[int, Flask] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self._here().wsgi_app(environ, start_response)

    def _here(self) -> Flask:
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                self._made = os.getpid(), self._make()
            return self._made[1]


class _Beside:
    """Two applications: some paths are wxbot's, all others yours."""

    def __init__(self, yours: _Wsgi, wxbot: _Wsgi, prefix: str, serves: tuple[str, ...]) -> None:
        self._yours, self._wxbot = yours, wxbot
        self._prefix, self._serves = prefix.rstrip("/"), serves

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        below = path.removeprefix(self._prefix)
        is_below = path.startswith(self._prefix)
        if not is_below or not any(below == one or below.startswith(f"{one}/") for one in self._serves):
            return self._yours(environ, start_response)
        root = environ.get("SCRIPT_NAME", "") + self._prefix
        return self._wxbot({**environ, "PATH_INFO": below, "SCRIPT_NAME": root}, start_response)


def _commands(app: Flask, wxbot: WxBot) -> click.Group:
    """Return `flask wxbot …`: wxbot's own commands, with an application's config as their environment."""

    class Commands(Lazy):
        def list_commands(self, ctx: click.Context) -> list[str]:
            return [name for name in super().list_commands(ctx) if name not in _NOT_HERE]

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            if cmd_name in _NOT_HERE:
                return None
            return sender if cmd_name == "sender" else super().get_command(ctx, cmd_name)

        def invoke(self, ctx: click.Context) -> Any:
            os.environ.update(_environment(app))
            return super().invoke(ctx)

    @click.command()
    def sender() -> None:
        """Send what is due, until SIGTERM or Ctrl-C; what was begun is finished first."""
        wiring.run(wxbot.sender(app))

    return Commands("wxbot", help="wxbot's commands, on this application's settings.")
