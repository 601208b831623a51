"""What one simulator is started with: the account it plays and where its bot listens."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from wxbot.errors import SettingsError
from wxbot.protocol.cipher import Cipher

Mode = Literal["plain", "compat", "safe"]
RightsRule = Literal["current", "48h"]

DEV_TOKEN = "Wechat4go"
DEV_APPID = "wx5eed00c0ffee2026"
DEV_SECRET = "5eed5eed5eed5eed5eed5eed5eed5eed"
DEV_AES_KEY = "SimulatorKeyForDevelopmentOnlyAAAAAAAAAAAAA"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorConfig:
    """One simulated account. The defaults are development values: they protect nothing."""

    webhook: str = "http://127.0.0.1:8000/wechat"
    token: str = field(default=DEV_TOKEN, repr=False)  # signs pushes; not the access token
    appid: str = DEV_APPID
    secret: str = field(default=DEV_SECRET, repr=False)
    aes_key: str = field(default=DEV_AES_KEY, repr=False)
    mode: Mode = "plain"
    rights: RightsRule = "current"
    state: Path | None = None  # where the ledger survives a restart; None keeps it in memory only
    account: str = "gh_5eed00c0ffee"  # the account's original ID, ToUserName of every push
    push_limit: float = 5.0  # seconds one delivery may take in all
    repeat_after: float = 0.0  # seconds of real time before a push is offered again
    deliveries: int = 3  # how often one push is offered before the user is told of the failure

    def cipher(self) -> Cipher:
        """Return the account's cipher; SettingsError when the EncodingAESKey has the wrong shape."""
        try:
            return Cipher(self.aes_key, self.appid)
        except ValueError as exc:
            raise SettingsError(f"--aes-key: {exc}") from exc
