"""`wxbot sender`: what goes out. Apart from `serve`, so that its process carries no web and no migrations."""

import click

from wxbot import wiring
from wxbot.opening import from_environment


@click.command()
def sender() -> None:
    """Send what is due, until SIGTERM or Ctrl-C; what was begun is finished first."""
    wiring.run(wiring.create_sender(from_environment()))
