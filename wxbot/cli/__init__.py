"""The `wxbot` command: one file a group, loaded only when it is called."""

import importlib
import sys
from typing import Any

import click

from wxbot.errors import SettingsError, WxbotError

COMMANDS = {  # where each is, and what the list of commands says of it without loading it
    "apikey": ("wxbot.cli.apikey:apikey", "Make, list and revoke the keys of the push API."),
    "backup": ("wxbot.cli.backup:backup", "Copy the store into a new FILE while web and sender work."),
    "console": ("wxbot.cli.console:console", "Say who may sign in at the console, and end their sessions."),
    "contacts": ("wxbot.cli.people:contacts", "Show what may still be sent to each user; import followers,..."),
    "demo": ("wxbot.cli.demo:demo", "Run the simulated platform, the flight bot and a sender on..."),
    "doctor": ("wxbot.cli.doctor:doctor", "Check settings, store, schema, bot, clock and token; exit 1..."),
    "dump": ("wxbot.cli.dumped:dump", "Write contacts, windows and topics into FILE, as JSON lines."),
    "erase": ("wxbot.cli.person:erase", "Erase all that is kept of a user: pushes, follow-ups with..."),
    "explain": ("wxbot.cli.outbox:explain", "Say why a follow-up was or was not delivered; or whether a..."),
    "export": ("wxbot.cli.person:export", "Print all that is kept of a user as one JSON document: each..."),
    "init": ("wxbot.cli.init:init", "Write wxbot.toml, rules.toml and menu.toml into a folder,..."),
    "kf": ("wxbot.cli.kf:kf", "The people who answer for the account (客服); while one..."),
    "load": ("wxbot.cli.dumped:load", "Take in the contacts, windows and topics of a FILE that..."),
    "media": ("wxbot.cli.media:media", "Pictures, voice notes, videos and thumbnails, kept by..."),
    "menu": ("wxbot.cli.menu:menu", "The account's menus: look at them, compare a file with..."),
    "migrate": ("wxbot.cli.serve:migrate", "Bring the database's schema up to date."),
    "outbox": ("wxbot.cli.outbox:outbox", "Look at follow-ups, and act on them."),
    "plan": ("wxbot.cli.plan:plan", "Show a topic's plan, move it (--moment, --fact) or cancel it."),
    "publish": ("wxbot.cli.topics:publish", "Send a message to everybody who subscribes to a topic when..."),
    "qrcode": ("wxbot.cli.qrcode:qrcode", "Make a QR code: who follows or scans through it subscribes..."),
    "replay": ("wxbot.cli.people:replay", "Handle a failed push again; a sender takes it up, and its..."),
    "restore": ("wxbot.cli.backup:restore", "Put a backup FILE where the store was, and park what may..."),
    "rules": ("wxbot.cli.rules:rules", "Answers without code: the rules file."),
    "send": ("wxbot.cli.outbox:send", "Queue a message for a user; a sender delivers it as soon as..."),
    "sender": ("wxbot.cli.sender:sender", "Send what is due, until SIGTERM or Ctrl-C; what was begun..."),
    "serve": ("wxbot.cli.serve:serve", "Serve the webhook with gunicorn, and one sender beside it."),
    "simulator": ("wxbot.cli.simulator:simulator", "Play the platform: its API, its users' phones, its faults..."),
    "tags": ("wxbot.cli.tags:tags", "Tags of followers: a conditional menu is for those who..."),
    "templates": ("wxbot.cli.templates:templates", "Template messages and subscription notifications of the..."),
    "topics": ("wxbot.cli.topics:topics", "List the newest topics with their subscribers' number, or..."),
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


class Lazy(click.Group):
    """A group that imports a command's module when it is needed, so that nothing heavy is loaded in vain."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command, None for one that there is not."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List all commands with what is known of them here: to load them all takes seconds."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

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


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="wxbot")
def main() -> None:
    """Answer every push of a WeChat Official Account, and deliver every follow-up it still allows."""
