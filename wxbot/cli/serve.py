"""`wxbot serve`, `wxbot migrate`: run a deployment."""

import os

import click

from wxbot import log, settings, wiring
from wxbot.cli.listening import listener
from wxbot.cli.processes import Child, Processes, python
from wxbot.shipped import shipped
from wxbot.store import migrate as migrations


@click.command()
@click.option("--no-sender", is_flag=True, help="Serve pushes only; senders run elsewhere.")
def serve(no_sender: bool) -> None:
    """Serve the webhook with gunicorn, and one sender beside it.

    SIGTERM ends both cleanly; SIGHUP replaces both by new ones, and no push is refused meanwhile.
    """
    log.configure()
    using = settings.load(os.environ)
    wiring.bot_of(using)  # a bot that cannot be loaded is told here, not by workers that end again and again
    environment = dict(os.environ)
    opened = listener(using.bind, environment)
    migrations.migrate(using.database_url)
    children = web_and_sender(environment, opened.fileno())
    processes = Processes(children[:1] if no_sender else children, replaceable=True)
    processes.start()
    click.echo(f"wxbot serves http://{using.bind}/wechat", err=True)
    processes.watch()


def web_and_sender(environment: dict[str, str], listens_at: int | None = None) -> list[Child]:
    """Return the two processes of a deployment: gunicorn by `config/gunicorn.conf.py`, and a sender.

    `listens_at` is a listening socket for gunicorn; without one it opens its own.
    """
    bind = [] if listens_at is None else ["--bind", f"fd://{listens_at}"]
    gunicorn = python("-m", "gunicorn", "-c", str(shipped("gunicorn.conf.py")), *bind, "wxbot.app:create_app()")
    return [
        Child("web", gunicorn, environment, listens_at=listens_at),
        Child("sender", python("-m", "wxbot.cli", "sender"), environment),
    ]


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    log.configure()
    migrations.migrate(settings.load(os.environ).database_url)
    click.echo("the schema is up to date")
