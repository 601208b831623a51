"""Wire all but the web from the settings: the sender, and what programs and commands call the platform by.

Apart from `wxbot.app`, so that a sender carries no web. Call after the fork: the store is opened.
"""

import importlib
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from wxbot import template
from wxbot.background import Repeating, share_heaps
from wxbot.clock import Clock
from wxbot.delivery.budget import Budget
from wxbot.delivery.counting import Counting
from wxbot.delivery.errands import Errands
from wxbot.delivery.fanout import Fanout
from wxbot.delivery.manner import Manner, Manners, Rung
from wxbot.delivery.pruning import Keep, Pruning
from wxbot.delivery.rungs import Rungs
from wxbot.delivery.sender import Pace, Sender
from wxbot.delivery.way import Way
from wxbot.errors import SettingsError
from wxbot.inbox.handoff import HandOff
from wxbot.inbox.typing import Typing
from wxbot.opening import clock_of, from_environment, open_store
from wxbot.platform.access_token import AccessTokens
from wxbot.platform.client import Client
from wxbot.platform.media import TRANSFER_LIMIT, Media
from wxbot.platform.notices import Notices
from wxbot.platform.transport import Transport
from wxbot.platform.webhook import Webhook
from wxbot.protocol.notice import Notice
from wxbot.protocol.signature import FRESH
from wxbot.ready import tell_ready
from wxbot.reply.bot import Bot
from wxbot.reply.deadline import Answering
from wxbot.reply.rules import load_rules
from wxbot.settings import DEFAULT_ACCOUNT, Account, Settings
from wxbot.store import idempotency, outbox, processes, pushes
from wxbot.store.engine import Store, Transaction
from wxbot.store.processes import Kind
from wxbot.times.local_time import parse_hours
from wxbot.topic_settings import TopicSettings

_RECOVER_EVERY = 2.0  # seconds between looks for pushes whose process is gone
_TIDY_EVERY = 10.0  # seconds
_DAY = 86_400.0  # seconds
_PRUNE_EVERY = 10.0  # seconds between looks for what is over and old
_ERRANDS_EVERY = 0.5  # seconds between looks for what an operator wants done to many follow-ups
_ALIVE_EVERY = 10.0  # seconds
_COUNT_EVERY = 5.0  # seconds between looks for what has happened
CHECKPOINT_EVERY = 0.2  # seconds between looks at SQLite's log
_FAN_OUT_EVERY = 0.2  # seconds between looks for publications that are due


def create_sender(using: Settings, clock: Clock | None = None, bot: Bot | None = None) -> Sender:
    """Return the sender, with what works beside it: recovery of pushes (by the bot), fan-out and tidying."""
    clock = clock or clock_of(using)
    # What needs more than a claim (a file, a fallback) each thread begins by itself; half of them are calling.
    store = open_store(using, max(8, using.sender.threads // 2))
    answering = answering_of(using, bot)
    hand_off = hand_off_of(store, clock, using, answering)
    accounts = using.all_accounts

    def recover() -> bool:
        return any([hand_off.recover(name) for name in accounts])

    def tidy() -> bool:
        store.write(lambda tx: _tidy(tx, list(accounts), clock.now()))
        return False

    return Sender(
        store,
        clock,
        {name: _way(store, clock, using, name) for name in accounts},
        Pace(
            threads=using.sender.threads,
            lease=using.sender.lease,
            request_limit=using.sender.request_limit,
            poll=using.sender.poll,
        ),
        beside=[
            Repeating("recovery", _RECOVER_EVERY, recover),
            Repeating("fan-out", _FAN_OUT_EVERY, Fanout(store, clock).step),
            Repeating("errands", _ERRANDS_EVERY, Errands(store, clock).step),
            Repeating("tidying", _TIDY_EVERY, tidy),
            Repeating("counting", _COUNT_EVERY, Counting(store, clock).step),
            sign_of_life(store, clock, "sender"),
            Repeating("checkpoints", CHECKPOINT_EVERY, store.checkpoint),
            Repeating("pruning", _PRUNE_EVERY, Pruning(store, clock, keep_of(using)).step),
        ],
        tell=answering.tell,
    )


def run(sender: Sender) -> None:
    """Run a sender until SIGTERM or SIGINT; what was begun is finished first."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sender.stop())
    share_heaps()
    tell_ready()
    sender.run()


def sign_of_life(store: Store, clock: Clock, kind: Kind) -> Repeating:
    """Return what notes again and again that this process is alive; its thread is started after the fork."""
    host, pid = socket.gethostname(), os.getpid()

    def note() -> bool:
        store.write(lambda tx: processes.note(tx, store.owner, kind, host, pid, clock.now()))
        return False

    return Repeating("signs of life", _ALIVE_EVERY, note)


def keep_of(using: Settings) -> Keep:
    """Return how long each is kept."""
    days = dict(using.retention)
    return Keep(**{name: None if count is None else count * _DAY for name, count in days.items()})


def connect(given: Settings | None = None, account: str = DEFAULT_ACCOUNT) -> Client:
    """Return an account's way to the platform for a program of its own, with the access_token that all share.

    Without settings they are read from the environment. Raises SettingsError.
    """
    using = given or from_environment(quiet=True)
    return client(open_store(using), clock_of(using), using, account)


def client(store: Store, clock: Clock, using: Settings, account: str) -> Client:
    """Return an account's way to the platform."""
    transport = _transport(using, account)
    return Client(transport, access_tokens(store, clock, using, account))


def hand_off_of(store: Store, clock: Clock, using: Settings, answering: Answering) -> HandOff:
    """Return what finishes pushes that are not answered in time."""
    return HandOff(store, clock, answering, _typing(store, clock, using), _media(store, clock, using))


def _typing(store: Store, clock: Clock, using: Settings) -> dict[str, Typing]:
    """Return the typing state of each account that shows it."""

    def of(name: str) -> Typing:
        return Typing(store, clock, lambda: client(store, clock, using, name), name).start()

    return {name: of(name) for name, account in using.all_accounts.items() if account.typing}


def _media(store: Store, clock: Clock, using: Settings) -> dict[str, Media]:
    return {name: media(store, clock, using, name) for name in using.all_accounts}


def media(store: Store, clock: Clock, using: Settings, account: str) -> Media:
    """Return an account's way to the platform for files."""
    base = using.all_accounts[account].api_base
    calls = Client(Transport(base, limit=TRANSFER_LIMIT), access_tokens(store, clock, using, account))
    return Media(store, clock, calls, account)


def _way(store: Store, clock: Clock, using: Settings, account: str) -> Way:
    of, calls = using.all_accounts[account], client(store, clock, using, account)
    url, limit = of.fallback_webhook, using.sender.request_limit
    webhook = Webhook(url, of.fallback_webhook_key, limit=limit) if url else None
    budget = Budget(of.keep, of.join, of.hint)
    files = media(store, clock, using, account)
    return Way(calls, of.rate, budget, Rungs(Notices(calls), webhook), files, manners_of(of))


def manners_of(account: Account) -> Manners:
    """Return how an account's follow-ups behave by topic."""
    return Manners([(pattern, _manner(of)) for pattern, of in account.topics.items()])


def _manner(of: TopicSettings) -> Manner:
    zone = ZoneInfo(of.timezone)
    notices: dict[Rung, Notice] = {}
    if of.template:
        notices["template"] = _notice(of.template.id, of.template.url, of.template.data)
    if of.subscription:
        notices["subscription"] = _notice(of.subscription.id, of.subscription.page, of.subscription.data)
    quiet = parse_hours(of.quiet, zone) if of.quiet else None
    return Manner(zone, quiet, of.decisive_wakes, of.fallback, notices)


def notices_of(account: Account) -> list[tuple[str, Rung, Notice]]:
    """Return the notices of an account's topics: the topics' pattern, the rung, and what goes out on it."""
    return [(at, rung, one) for at, of in account.topics.items() for rung, one in _manner(of).notices.items()]


def _notice(id: str, link: str, data: Mapping[str, str]) -> Notice:
    return Notice(id, link, {name: template.parse(text) for name, text in data.items()})


def access_tokens(store: Store, clock: Clock, using: Settings, account: str) -> AccessTokens:
    """Return an account's access_token, shared through the store."""
    of = using.all_accounts[account]
    secret = of.appsecret.get_secret_value()
    return AccessTokens(store, clock, _transport(using, account), account, of.appid, secret, of.token_api)


def _transport(using: Settings, account: str) -> Transport:
    return Transport(using.all_accounts[account].api_base, limit=using.sender.request_limit)


def answering_of(using: Settings, bot: Bot | None) -> Answering:
    """Return what runs the handlers: of this bot, without one of the settings' bot."""
    return Answering(
        bot or bot_of(using), threads=using.handler_threads, budget=using.reply_budget, apology=using.apology
    )


def bot_of(using: Settings) -> Bot:
    """Return the bot of `bot` with the rules of `rules` after it; raises SettingsError when neither is set."""
    bot = Bot(quick=True)  # when all that is in it is
    if using.bot:
        bot.include(_import(using.bot))
    if using.rules:
        bot.include(load_rules(using.rules))
    if not using.bot and not using.rules:
        raise SettingsError("nothing to answer with: set bot (module:attribute) or rules (a file)")
    return bot


def _import(name: str) -> Bot:
    module, attribute = name.split(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)  # a bot beside the settings is found, whichever way we were started
    try:
        found = getattr(importlib.import_module(module), attribute)
    except BaseException as exc:  # the border of user code: whatever it raises, the operator must mend it
        raise SettingsError(f"bot = {name!r} cannot be loaded: {type(exc).__name__}: {exc}") from exc
    if not isinstance(found, Bot):
        raise SettingsError(f"bot = {name!r} is a {type(found).__name__}, not a wxbot.Bot")
    return found


def _tidy(tx: Transaction, accounts: list[str], now: float) -> None:
    pushes.forget_signatures(tx, now - 2 * FRESH)
    idempotency.forget(tx, now - idempotency.KEPT)
    for account in accounts:
        outbox.expire_held(tx, account, now)
