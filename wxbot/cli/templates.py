"""`wxbot templates`: what the account may send outside the window, and whether the settings fit it."""

import click

from wxbot import wiring
from wxbot.cli import show
from wxbot.cli.calling import calling
from wxbot.platform.private_templates import private_templates
from wxbot.protocol.private_templates import mistakes


@click.group()
def templates() -> None:
    """Template messages and subscription notifications of the account."""


@templates.command("list")
@show.ACCOUNT
@show.AS_JSON
def listed(account: str, as_json: bool) -> None:
    """Show the templates that were added to the account, with their fields."""
    with calling(account) as at:
        found = private_templates(at.client)
    if as_json:
        show.document(
            [
                {"id": one.id, "kind": one.kind, "title": one.title, "fields": one.fields, "example": one.example}
                for one in found
            ]
        )
        return
    show.table(
        ["id", "kind", "title", "fields"],
        [[one.id, one.kind, one.title, ", ".join(one.fields)] for one in found],
        "there are no templates: add them in the platform's console",
    )


@templates.command()
@show.ACCOUNT
@show.AS_JSON
def check(account: str, as_json: bool) -> None:
    """Compare the fallbacks in the settings with the account's templates; exit 2 when one would be refused."""
    with calling(account) as at:
        known, wanted = private_templates(at.client), wiring.notices_of(at.of)
    wrong = [
        f'topics."{pattern}".{rung}: {told}' for pattern, rung, one in wanted for told in mistakes(rung, one, known)
    ]
    if as_json:
        show.document({"checked": len(wanted), "mistakes": wrong})
    else:
        for line in wrong:
            click.echo(line, err=True)
        if not wrong:
            click.echo(f"{len(wanted)} of the settings' templates looked at, all good")
    if wrong:
        raise SystemExit(2)
