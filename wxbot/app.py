"""The web, wired from the settings: `create_app`. What has no web is wired by `wxbot.wiring`.

Call it after the fork: it opens the store.
"""

from zoneinfo import ZoneInfo

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from wxbot.background import Repeating, share_heaps
from wxbot.clock import Clock
from wxbot.inbox.accept import Inbox
from wxbot.inbox.commit import Terms
from wxbot.opening import clock_of, from_environment, open_store
from wxbot.protocol.cipher import Cipher
from wxbot.protocol.envelope import Reader
from wxbot.protocol.window import RIGHTS
from wxbot.reply.bot import Bot
from wxbot.settings import Account, Settings
from wxbot.store.engine import Store
from wxbot.web.any_query import AnyQuery
from wxbot.web.console.console import PATH, create_console
from wxbot.web.console.room import Room
from wxbot.web.health import health
from wxbot.web.push_api import push_api
from wxbot.web.webhook import Door, webhook
from wxbot.wiring import CHECKPOINT_EVERY, answering_of, hand_off_of, manners_of, sign_of_life
from wxbot.wiring import connect as connect  # promised by docs/programs.md


def create_app(given: Settings | None = None, clock: Clock | None = None, bot: Bot | None = None) -> Flask:
    """Return the WSGI application: `gunicorn 'wxbot.app:create_app()'`.

    Without settings they are read from the environment, without a bot it is the settings'. Raises SettingsError,
    all mistakes in one.
    """
    using = given or from_environment()
    clock = clock or clock_of(using)
    store, answering = open_store(using), answering_of(using, bot)
    hand_off = hand_off_of(store, clock, using, answering)
    doors = {
        name: Door(name, _reader(account), Inbox(store, clock, answering, hand_off, _terms(account)))
        for name, account in using.all_accounts.items()
    }
    app = Flask(__name__, static_folder=None)
    app.request_class = AnyQuery
    app.register_blueprint(webhook(doors, clock))
    app.register_blueprint(health(store))
    app.register_blueprint(push_api(store, clock, set(using.all_accounts), using.api_rate))
    console = _console(store, clock, using)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {PATH: console})  # type: ignore[method-assign]
    if given is None:  # a process of our own, and not a program that runs us beside other things
        share_heaps()
        sign_of_life(store, clock, "web").start()
        Repeating("checkpoints", CHECKPOINT_EVERY, store.checkpoint).start()
    return app


def _console(store: Store, clock: Clock, using: Settings) -> Flask:
    readers = {name: _reader(account) for name, account in using.all_accounts.items()}
    room = Room(store, clock, readers, ZoneInfo(using.console.timezone))
    secret = using.account.appsecret.get_secret_value()  # what all processes know, and nobody else
    return create_console(room, secret, https=using.console.https)


def _terms(account: Account) -> Terms:
    return Terms(RIGHTS[account.rights], manners_of(account), account.scene_prefix, account.agent_silence)


def _reader(account: Account) -> Reader:
    keys = [key.get_secret_value() for key in (account.aes_key, account.aes_key_previous) if key]
    return Reader(account.token.get_secret_value(), account.mode, [Cipher(key, account.appid) for key in keys])
