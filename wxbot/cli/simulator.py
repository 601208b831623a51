"""`wxbot simulator`: the platform on this machine, with phones to chat on and faults to play."""

from pathlib import Path

import click

from wxbot.clock import SharedClock
from wxbot.errors import SettingsError
from wxbot.simulator.app import create_simulator
from wxbot.simulator.config import (
    DEV_AES_KEY,
    DEV_APPID,
    DEV_SECRET,
    DEV_TOKEN,
    Mode,
    RightsRule,
    SimulatorConfig,
)
from wxbot.simulator.serving import SimulatorServer
from wxbot.simulator.timeline import OwnClock

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--port", default=8100, show_default=True, help="Where the platform and its page listen.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--webhook", default="http://127.0.0.1:8000/wechat", show_default=True, help="The bot's URL.")
@click.option("--token", default=DEV_TOKEN, show_default=True, envvar="WXBOT_TOKEN")
@click.option("--appid", default=DEV_APPID, show_default=True, envvar="WXBOT_APPID")
@click.option("--secret", default=DEV_SECRET, envvar="WXBOT_APPSECRET", help="The AppSecret.")
@click.option("--aes-key", default=DEV_AES_KEY, envvar="WXBOT_AES_KEY", help="The EncodingAESKey.")
@click.option("--mode", type=click.Choice(["plain", "compat", "safe"]), default="plain", envvar="WXBOT_MODE")
@click.option("--rights", type=click.Choice(["current", "48h"]), default="current", envvar="WXBOT_RIGHTS")
@click.option("--state", type=_FILE, help="Keep the ledger and the phones in this file.")
@click.option("--clock-file", type=_FILE, help="Share the time with a bot through this file.")
def simulator(  # noqa: PLR0913, PLR0917 - one parameter an option
    port: int,
    host: str,
    webhook: str,
    token: str,
    appid: str,
    secret: str,
    aes_key: str,
    mode: Mode,
    rights: RightsRule,
    state: Path | None,
    clock_file: Path | None,
) -> None:
    """Play the platform: its API, its users' phones, its faults and its clock, on this machine."""
    config = SimulatorConfig(
        webhook=webhook,
        token=token,
        appid=appid,
        secret=secret,
        aes_key=aes_key,
        mode=mode,
        rights=rights,
        state=state,
    )
    try:
        config.cipher()
    except SettingsError as exc:
        raise click.ClickException(str(exc)) from exc
    SimulatorServer(
        f"{host}:{port}",
        lambda: create_simulator(config, SharedClock(clock_file) if clock_file else OwnClock()),
        lambda: click.echo(f"simulator: http://{host}:{port}/  ->  {webhook} ({mode})"),
    ).run()
