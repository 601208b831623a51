"""All that the simulator knows, behind one lock, and saved to a file when asked.

The lock is held for moments of memory work, never while HTTP is under way, so people who act at
once do not wait for each other's webhook calls.
"""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wxbot.errors import SettingsError
from wxbot.simulator.config import SimulatorConfig
from wxbot.simulator.exchanges import Exchanges
from wxbot.simulator.faults import Faults
from wxbot.simulator.ledger import Ledger
from wxbot.simulator.media import MediaShelf
from wxbot.simulator.people import KfAccount, Person, nth_openid
from wxbot.simulator.quota import Quota
from wxbot.simulator.timeline import MovableClock, OwnClock
from wxbot.simulator.tokens import Tokens

_SAVE_EVERY = 0.1  # seconds between two saves at the least; a kill loses no more than this


@dataclass(slots=True)
class State:
    """The part that is saved: plain values only."""

    people: dict[str, Person] = field(default_factory=dict)
    met: int = 0  # openids handed out
    serial: int = 0  # MsgIds, template msgids and media ids handed out
    tokens: Tokens = field(default_factory=Tokens)
    quota: Quota = field(default_factory=Quota)
    ledger: Ledger = field(default_factory=Ledger)
    shelf: MediaShelf = field(default_factory=MediaShelf)
    menu: list[dict[str, Any]] | None = None
    conditional: list[dict[str, Any]] = field(default_factory=list)  # menus, the oldest first
    page: int = 10_000  # openids a page of the follower list
    tags: dict[int, str] = field(default_factory=dict)  # beside the platform's own, which is number 2
    kf: dict[str, KfAccount] = field(default_factory=dict)  # by kf_account
    kf_talks: dict[str, tuple[str, float]] = field(default_factory=dict)  # openid -> kf_account, since when
    templates: list[dict[str, Any]] = field(default_factory=list)  # as get_all_private_template lists them
    notifications: list[dict[str, Any]] = field(default_factory=list)  # as newtmpl/gettemplate lists them
    tickets: dict[str, str] = field(default_factory=dict)  # QR ticket -> scene
    template_keys: dict[str, tuple[int, float]] = field(default_factory=dict)  # client_msg_id -> msgid, when
    whitelist: list[str] = field(default_factory=list)  # addresses that may fetch tokens; empty: all
    webhook: str = ""
    moved: float = 0.0  # seconds the clock was moved by


_SAVED = TypeAdapter(State)


class World:
    """The simulator's memory. Take `lock` for every look at `state`, and call `changed` after a change."""

    def __init__(self, config: SimulatorConfig, clock: MovableClock) -> None:
        """Read the saved state when there is one; SettingsError when it cannot be read."""
        self.config, self.clock = config, clock
        self.lock = threading.RLock()
        self.cipher = config.cipher()
        self.faults, self.exchanges = Faults(), Exchanges()
        self.media_bytes: dict[str, tuple[str, bytes]] = {}  # media_id -> Content-Type, bytes
        self._born = time.time_ns() // 1_000_000  # MsgIds start here, so no run repeats another's
        self._dirty = threading.Event()
        self.state = self._read()
        if isinstance(clock, OwnClock):
            clock.advance(self.state.moved)
        if config.state:
            threading.Thread(target=self._keep_saving, args=(config.state,), daemon=True).start()

    def now(self) -> float:
        """Return the simulated time in Unix seconds."""
        return self.clock.now()

    def changed(self) -> None:
        """Note that the state is worth saving again."""
        self._dirty.set()

    def serial(self) -> int:
        """Return a number never given before, 19 digits long as the platform's MsgIds are."""
        with self.lock:
            self.state.serial += 1
            return self._born * 1_000_000 + self.state.serial

    def meet(self, openid: str = "", *, following: bool = True) -> Person:
        """Return the person of this openid, new when unknown; without one, the next person in line."""
        with self.lock:
            if not openid:
                self.state.met += 1
                openid = nth_openid(self.state.met)
            self.changed()
            return self.state.people.setdefault(openid, Person(openid, self.now(), following, following))

    def keep_media(self, media_id: str, content_type: str, content: bytes) -> None:
        """Keep one uploaded file; hold the lock."""
        self.state.shelf.uploaded[media_id] = self.now()
        self.media_bytes[media_id] = (content_type, content)
        self.changed()

    def advance(self, seconds: float) -> float:
        """Move the time forward and return the new one in Unix seconds."""
        with self.lock:
            self.clock.advance(seconds)
            self.state.moved += seconds
            self.changed()
            return self.now()

    def reset(self) -> None:
        """Forget everything but the time, the webhook and the number of the last MsgId."""
        with self.lock:
            old = self.state
            self.state = State(webhook=old.webhook, moved=old.moved, serial=old.serial)
            self.media_bytes.clear()
            self.changed()
        self.faults.clear()
        self.exchanges.clear()

    def save(self, path: Path) -> None:
        """Write the state beside `path` and move it into place, so that a kill leaves the old or the new."""
        with self.lock:
            self._dirty.clear()
            content = _SAVED.dump_json(self.state)
        beside = path.with_name(path.name + ".new")
        beside.write_bytes(content)
        beside.replace(path)

    def _keep_saving(self, path: Path) -> None:
        while True:
            self._dirty.wait()
            began = time.monotonic()
            self.save(path)
            # A big state is saved less often, so that saving never takes more than a tenth of the time.
            time.sleep(max(_SAVE_EVERY, 9 * (time.monotonic() - began)))

    def _read(self) -> State:
        path = self.config.state
        if path is None or not path.exists():
            return State(webhook=self.config.webhook)
        try:
            return _SAVED.validate_json(path.read_bytes())
        except (OSError, ValidationError) as exc:
            raise SettingsError(f"--state {path}: not a simulator's state: {exc}") from exc
