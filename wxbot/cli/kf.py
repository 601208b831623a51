"""`wxbot kf`: the people who answer for the account (客服), and their talks with users."""

from dataclasses import asdict

import click

from wxbot.cli import show
from wxbot.cli.calling import calling
from wxbot.platform.agents import Agent, Agents

OPENID = click.argument("openid")
AGENT = click.argument("kf_account")


@click.group()
def kf() -> None:
    """The people who answer for the account (客服); while one speaks with a user, the bot keeps silent."""


@kf.command("list")
@show.ACCOUNT
@show.AS_JSON
def listed(account: str, as_json: bool) -> None:
    """Show everybody, whether they are online, and how many users they speak with."""
    with calling(account) as at:
        found = Agents(at.client).all()
    if as_json:
        show.document([asdict(one) for one in found])
        return
    show.table(
        ["account", "name", "WeChat", "now", "speaks with"],
        [
            [one.kf_account, one.nick, _wechat(one), "online" if one.online else "-", str(one.talks)]
            for one in found
        ],
        "nobody: add people in the platform's console, under 客服",
    )


def _wechat(one: Agent) -> str:
    return one.wechat or (f"invited: {one.invited}" if one.invited else "-")


@kf.command("open")
@OPENID
@AGENT
@show.ACCOUNT
def begin(openid: str, kf_account: str, account: str) -> None:
    """Let an agent who is online take a user on."""
    with calling(account) as at:
        Agents(at.client).open(openid, kf_account)
    click.echo(f"{kf_account} speaks with {openid}")


@kf.command("close")
@OPENID
@AGENT
@show.ACCOUNT
def end(openid: str, kf_account: str, account: str) -> None:
    """End a talk; the bot answers again."""
    with calling(account) as at:
        Agents(at.client).close(openid, kf_account)
    click.echo(f"{kf_account} has left {openid}; the bot answers again")
