"""`wxbot serve`, `wxbot sender`, `wxbot migrate`: run a deployment."""

import os
import signal

import click

from wxbot import app, log, settings
from wxbot.cli.processes import Child, Processes, check_free, python
from wxbot.shipped import shipped
from wxbot.store import migrate as migrations


@click.command()
@click.option("--no-sender", is_flag=True, help="Serve pushes only; senders run elsewhere.")
def serve(no_sender: bool) -> None:
    """Serve the webhook with gunicorn, and one sender beside it."""
    log.configure()
    using = settings.load(os.environ)
    app.bot_of(using)  # a bot that cannot be loaded is told here, not by workers that end again and again
    check_free("bind", using.bind)
    migrations.migrate(using.database_url)
    children = web_and_sender(dict(os.environ))
    processes = Processes(children[:1] if no_sender else children)
    processes.start()
    click.echo(f"wxbot serves http://{using.bind}/wechat", err=True)
    processes.watch()


def web_and_sender(environment: dict[str, str]) -> list[Child]:
    """Return the two processes of a deployment: gunicorn by `config/gunicorn.conf.py`, and a sender."""
    gunicorn = python("-m", "gunicorn", "-c", str(shipped("gunicorn.conf.py")), "wxbot.app:create_app()")
    return [
        Child("web", gunicorn, environment),
        Child("sender", python("-m", "wxbot.cli", "sender"), environment),
    ]


@click.command()
def sender() -> None:
    """Send what is due, until SIGTERM or Ctrl-C; what was begun is finished first."""
    running = app.create_sender(app.from_environment())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    running.run()


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    log.configure()
    migrations.migrate(settings.load(os.environ).database_url)
    click.echo("the schema is up to date")
