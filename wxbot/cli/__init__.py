"""The `wxbot` command: one file a group, loaded only when it is called."""

import importlib

import click

COMMANDS = {
    "simulator": "wxbot.cli.simulator:simulator",
}


class _Lazy(click.Group):
    """A group that imports a command's module when that command is run, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_Lazy)
@click.version_option(package_name="wxbot")
def main() -> None:
    """Answer every push of a WeChat Official Account, and deliver every follow-up it still allows."""
