"""`wxbot doctor`: is this deployment fit to run, and what to do where it is not."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import click

from wxbot import wiring
from wxbot.cli import show
from wxbot.errors import Refused, SettingsError, Unanswered, WxbotError
from wxbot.opening import clock_of, from_environment, open_store
from wxbot.protocol.reaction import meaning
from wxbot.settings import Settings

Finding = tuple[bool, str, str]  # fit?, what was looked at, what was found or what to do


@click.command()
@click.option("--offline", is_flag=True, help="Do not ask the platform for an access_token.")
@show.AS_JSON
def doctor(offline: bool, as_json: bool) -> None:
    """Check settings, store, schema, bot, clock and token; exit 1 when something is not fit."""
    using = from_environment(quiet=True)
    found = list(_examine(using, offline=offline))
    if as_json:
        show.document([{"fit": fit, "what": what, "found": told} for fit, what, told in found])
    else:
        for fit, what, told in found:
            click.echo(f"{'ok ' if fit else 'BAD'}  {what:<12} {told}")
    if not all(fit for fit, _, _ in found):
        raise SystemExit(1)


def _examine(using: Settings, *, offline: bool) -> Iterator[Finding]:
    yield True, "settings", f"{len(using.all_accounts)} account(s): {', '.join(using.all_accounts)}"
    yield _try("store", lambda: open_store(using).about)
    yield _try("bot", lambda: wiring.bot_of(using).about)
    for name, account in using.all_accounts.items():
        safe = account.mode != "plain"
        told = account.mode if safe else 'plain: the body of a push is not protected; "safe" is recommended'
        yield True, f"mode {name}", told
        if not offline:
            yield _try(f"token {name}", partial(_token, using, name))
    fast = using.clock_file is None
    yield fast, "clock", "the system's" if fast else "moved by a simulator (WXBOT_CLOCK_FILE): not for production"


def _try(what: str, look: Callable[[], Any]) -> Finding:
    try:
        return True, what, str(look())
    except WxbotError as exc:
        return False, what, str(exc)


def _token(using: Settings, account: str) -> str:
    store, clock = open_store(using), clock_of(using)
    try:
        seconds = wiring.access_tokens(store, clock, using, account).check()
    except Refused as exc:
        known = meaning(exc.errcode, at="token")
        raise SettingsError(f"{exc.errcode}: {known.en} / {known.zh} ({exc.errmsg})") from exc
    except Unanswered as exc:
        raise SettingsError(
            f"no answer from {using.all_accounts[account].api_base} ({exc}): is it reachable?"
        ) from exc
    return f"the platform gives one, good for {show.span(seconds)}"
