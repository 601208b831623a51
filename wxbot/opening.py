"""What every process and every command begins with: its settings, its store and its clock.

Apart from `wxbot.wiring`, so that a command that only asks the store loads no web and no sender.
"""

import os

from wxbot import log, settings
from wxbot.clock import Clock, SharedClock, SystemClock
from wxbot.settings import Settings
from wxbot.store.engine import Store


def from_environment(*, quiet: bool = False) -> Settings:
    """Return the settings of this process's environment, with its logging set up; `quiet` for commands."""
    log.configure(quiet=quiet)
    return settings.load(os.environ)


def open_store(using: Settings, threads: int = 8) -> Store:
    """Return this process's store; raises SettingsError when its schema is not the one we need.

    So many threads may be in PostgreSQL at once, each on a connection of its own.
    """
    store = Store(using.database_url, pool=threads)
    store.check_schema()
    return store


def clock_of(using: Settings) -> Clock:
    """Return the system's clock, or in development the one the simulator moves."""
    return SharedClock(using.clock_file) if using.clock_file else SystemClock()
