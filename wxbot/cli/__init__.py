"""The `wxbot` command: one file a group, loaded only when it is called."""

import importlib
import sys
from typing import Any

import click

from wxbot.errors import SettingsError, WxbotError

COMMANDS = {
    "apikey": "wxbot.cli.apikey:apikey",
    "backup": "wxbot.cli.backup:backup",
    "console": "wxbot.cli.console:console",
    "contacts": "wxbot.cli.people:contacts",
    "demo": "wxbot.cli.demo:demo",
    "doctor": "wxbot.cli.doctor:doctor",
    "erase": "wxbot.cli.person:erase",
    "explain": "wxbot.cli.outbox:explain",
    "export": "wxbot.cli.person:export",
    "init": "wxbot.cli.init:init",
    "kf": "wxbot.cli.kf:kf",
    "menu": "wxbot.cli.menu:menu",
    "migrate": "wxbot.cli.serve:migrate",
    "outbox": "wxbot.cli.outbox:outbox",
    "plan": "wxbot.cli.plan:plan",
    "publish": "wxbot.cli.topics:publish",
    "qrcode": "wxbot.cli.qrcode:qrcode",
    "replay": "wxbot.cli.people:replay",
    "restore": "wxbot.cli.backup:restore",
    "rules": "wxbot.cli.rules:rules",
    "send": "wxbot.cli.outbox:send",
    "sender": "wxbot.cli.serve:sender",
    "serve": "wxbot.cli.serve:serve",
    "simulator": "wxbot.cli.simulator:simulator",
    "tags": "wxbot.cli.tags:tags",
    "templates": "wxbot.cli.templates:templates",
    "topics": "wxbot.cli.topics:topics",
}
WRONG_SETTINGS = 2  # exit codes
FAILED = 1
_LONGEST = 1000  # characters in a line of an error


def _is_text(arg: str) -> bool:
    try:
        arg.encode()
    except UnicodeEncodeError:  # a byte that was none, as Python keeps it
        return False
    return True


def _cut(line: str) -> str:
    """Return a line of an error; one that a long argument makes longer than a screen lacks its middle."""
    half = _LONGEST // 2
    return line if len(line) <= _LONGEST else f"{line[: half - 1]}…{line[-half:]}"


class _Lazy(click.Group):
    """A group that imports a command's module when it is needed, so that nothing heavy is loaded in vain."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse bytes that are not UTF-8, which no store and no platform takes."""
        if any(not _is_text(arg) for arg in args):
            raise click.UsageError("an argument is not UTF-8")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a deliberate error is told without a traceback."""
        try:
            return super().invoke(ctx)
        except WxbotError as exc:
            click.echo("\n".join(_cut(line) for line in f"wxbot: {exc}".splitlines()), err=True)
            sys.exit(WRONG_SETTINGS if isinstance(exc, SettingsError) else FAILED)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="wxbot")
def main() -> None:
    """Answer every push of a WeChat Official Account, and deliver every follow-up it still allows."""
