"""One deployment's settings: a TOML file, and the environment above it. Read once, by `cli` and `app`.

Nothing else reads the environment. Every mistake is reported at once, with the file and key or the
variable it came from; an unknown one is a mistake.
"""

import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from wxbot.errors import SettingsError
from wxbot.topic_settings import FallbackSettings, Zone

# What each variable sets; those of an account set the default one.
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "WXBOT_TOKEN": ("account", "token"),
    "WXBOT_APPID": ("account", "appid"),
    "WXBOT_APPSECRET": ("account", "appsecret"),
    "WXBOT_AES_KEY": ("account", "aes_key"),
    "WXBOT_AES_KEY_PREVIOUS": ("account", "aes_key_previous"),
    "WXBOT_MODE": ("account", "mode"),
    "WXBOT_RIGHTS": ("account", "rights"),
    "WXBOT_API_BASE": ("account", "api_base"),
    "WXBOT_TOKEN_API": ("account", "token_api"),
    "WXBOT_RATE": ("account", "rate"),
    "WXBOT_FALLBACK_WEBHOOK_SECRET": ("account", "fallback_webhook_secret"),
    "WXBOT_DATABASE_URL": ("database_url",),
    "WXBOT_BOT": ("bot",),
    "WXBOT_RULES": ("rules",),
    "WXBOT_BIND": ("bind",),
    "WXBOT_WORKERS": ("workers",),
    "WXBOT_THREADS": ("threads",),
    "WXBOT_WORKER_CPU_AFFINITY": ("worker_cpu_affinity",),
    "WXBOT_CLOCK_FILE": ("clock_file",),
}
SECRETS = ("token", "appsecret", "aes_key", "aes_key_previous", "fallback_webhook_secret")
DEFAULT_ACCOUNT = "default"


_LONGEST = 36_500  # days


def _false_is_for_ever(value: object) -> object:
    if value is True:
        raise ValueError("write how many days it is kept, or false: for ever")
    return None if value is False else value


class Account(FallbackSettings):
    """One Official Account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr  # signs pushes; not the access_token
    appid: str = Field(pattern=r"^wx[0-9A-Za-z]{4,30}$")
    appsecret: SecretStr
    aes_key: SecretStr | None = None  # EncodingAESKey
    aes_key_previous: SecretStr | None = None  # still accepted while the platform switches to a new one
    mode: Literal["plain", "compat", "safe"] = "safe"
    rights: Literal["current", "48h"] = "current"
    api_base: str = Field(default="https://api.weixin.qq.com", pattern=r"^https?://")
    token_api: Literal["stable_token", "token"] = "stable_token"
    rate: float = Field(default=50.0, ge=1, le=10_000)  # messages a second
    keep: int = Field(default=1, ge=0, le=5)  # messages of a 48-hour window left to decisive follow-ups
    join: float | None = Field(default=60.0, ge=0, le=3600)  # seconds texts wait to go out as one; None: never
    scene_prefix: str = Field(default="topic:", max_length=40)  # of a QR scene that names a topic; "" for none
    agent_silence: float | None = Field(
        default=86_400.0, gt=0
    )  # seconds, after a person took a user on; None: never
    typing: bool = True  # shown to who waits for a handed-off handler
    hint: str = "（回复任意内容，继续接收通知）"  # below the last message but one; "" for nothing

    @field_validator("join", "agent_silence", mode="before")
    @classmethod
    def _false_is_never(cls, value: object) -> object:
        if value is True:
            raise ValueError("write how many seconds, or false: never")
        return None if value is False else value

    @field_validator("token", "appsecret")
    @classmethod
    def _is_filled(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            raise ValueError("must not be empty")
        return value

    @field_validator("aes_key", "aes_key_previous")
    @classmethod
    def _is_aes_key(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value() if value else ""
        if key and not (len(key) == 43 and key.isascii() and key.isalnum()):
            raise ValueError("an EncodingAESKey is 43 characters of A-Z, a-z and 0-9")
        return value if key else None

    @model_validator(mode="after")
    def _mode_has_its_key(self) -> "Account":
        if self.mode != "plain" and self.aes_key is None:
            raise ValueError(f'mode "{self.mode}" needs aes_key; without encryption set mode = "plain"')
        return self


class SenderSettings(BaseModel):
    """How the sender works. Times are seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threads: int = Field(default=8, ge=1, le=256)
    lease: float = Field(default=30.0, gt=0)
    request_limit: float = Field(default=8.0, gt=0)
    poll: float = Field(default=0.2, gt=0, le=60)

    @model_validator(mode="after")
    def _a_call_ends_within_its_lease(self) -> "SenderSettings":
        longest = 2 * self.request_limit + 2  # a call may be made twice, the second time with a new token
        if longest >= self.lease:
            raise ValueError(f"lease ({self.lease:g}) must be longer than 2 x request_limit + 2 ({longest:g})")
        return self


Days = Annotated[float | None, BeforeValidator(_false_is_for_ever)]


class RetentionSettings(BaseModel):
    """How many days what is over is kept; None: for ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pushes: Days = Field(default=30.0, ge=1, le=_LONGEST)  # a redelivery comes within seconds
    follow_ups: Days = Field(default=90.0, ge=3, le=_LONGEST)  # a 48-hour window counts what was sent in it
    publications: Days = Field(default=90.0, ge=1, le=_LONGEST)
    plans: Days = Field(default=30.0, ge=1, le=_LONGEST)
    unfollowed: Days = Field(default=30.0, ge=1, le=_LONGEST)  # everything of who left
    media: Days = Field(default=90.0, ge=3, le=_LONGEST)  # files, after the last message that showed one


class ConsoleSettings(BaseModel):
    """The console at `/console`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    https: bool = True  # its cookies go over nothing else, but for this machine itself
    timezone: Zone = "Asia/Shanghai"  # in which it tells times


class Settings(BaseModel):
    """One deployment. Paths are relative to where the process runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Account
    accounts: dict[str, Account] = Field(default_factory=dict)  # more accounts, by the name in their route
    database_url: str = "sqlite:///wxbot.db"
    bot: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")  # module:attribute
    rules: Path | None = None
    bind: str = Field(default="127.0.0.1:8000", pattern=r"^[^:\s]*:\d{1,5}$")
    workers: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=256)
    worker_cpu_affinity: bool = False  # Linux: each worker keeps to one core
    handler_threads: int = Field(default=32, ge=1, le=1024)
    reply_budget: float = Field(default=3.5, gt=0, le=4.5)  # seconds a handler has before it is handed off
    apology: str = "抱歉，出了点问题，请稍后再试。"  # when a handler fails; "" for silence
    api_rate: float = Field(default=50.0, gt=0, le=10_000)  # calls a second, for each key and web process
    sender: SenderSettings = SenderSettings()
    retention: RetentionSettings = RetentionSettings()
    console: ConsoleSettings = ConsoleSettings()
    clock_file: Path | None = None  # development: the simulator's clock

    @property
    def all_accounts(self) -> dict[str, Account]:
        """Every account by its name; the default one is first."""
        return {DEFAULT_ACCOUNT: self.account, **self.accounts}


@dataclass(frozen=True, slots=True)
class _Source:
    """Where each value came from, to say so when it is wrong."""

    file: Path | None
    variables: Mapping[tuple[str, ...], str]

    def name(self, key: tuple[str, ...]) -> str:
        """Return the variable that set this key, or the file and the key in it."""
        if variable := self.variables.get(key):
            return variable
        dotted = ".".join(key)
        return f"{self.file}: {dotted}" if self.file else dotted

    def how_to_set(self, key: tuple[str, ...]) -> str:
        """Return how a missing key can be set."""
        variable = next((name for name, of in VARIABLES.items() if of == key), None)
        ways = [f"set {variable}"] if variable else []
        ways.append(
            f"write {key[-1]} under [{'.'.join(key[:-1])}] in {self.file or 'the file named by WXBOT_CONFIG'}"
        )
        return " or ".join(ways)


def load(environment: Mapping[str, str]) -> Settings:
    """Return the settings of this environment and of the file that its WXBOT_CONFIG names.

    Raises SettingsError with every mistake, one a line.
    """
    file = Path(environment["WXBOT_CONFIG"]) if environment.get("WXBOT_CONFIG") else None
    mistakes: list[str] = []
    values = _read_file(file, mistakes) if file else {}
    variables = _overlay(values, environment, mistakes)
    values.setdefault("account", {})  # so that each missing part of it is told
    settings = None
    try:
        settings = Settings.model_validate(values)
    except ValidationError as exc:
        source = _Source(file, variables)
        mistakes += [_mistake(error, source) for error in exc.errors()]
        mistakes += [one for one in _across_keys(values, source) if one not in mistakes]
    if mistakes or settings is None:
        raise SettingsError("the settings are wrong:\n" + "\n".join(f"  {mistake}" for mistake in mistakes))
    return settings


def _read_file(file: Path, mistakes: list[str]) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        mistakes.append(f"{file}: {exc}")
        return {}
    accounts = [values.get("account"), *(values.get("accounts") or {}).values()]
    holds_secret = any(isinstance(one, dict) and any(name in one for name in SECRETS) for one in accounts)
    if holds_secret and stat.S_IMODE(file.stat().st_mode) & 0o077:
        mistakes.append(f"{file}: holds secrets and others may read it; run: chmod 600 {file}")
    return values


def _overlay(
    values: dict[str, Any], environment: Mapping[str, str], mistakes: list[str]
) -> dict[tuple[str, ...], str]:
    """Put the environment's values above the file's; return which variable set which key."""
    used: dict[tuple[str, ...], str] = {}
    for name, value in sorted(environment.items()):
        if not name.startswith("WXBOT_") or name == "WXBOT_CONFIG":
            continue
        key = VARIABLES.get(name) or _secret_file_key(name)
        if key is None:
            mistakes.append(f"{name}: no such variable; known are {', '.join(VARIABLES)}")
            continue
        if name not in VARIABLES:
            value = _read_secret(name, Path(value), mistakes)
        into = values if len(key) == 1 else values.setdefault(key[0], {})
        if isinstance(into, dict):
            into[key[-1]] = value
        used[key] = name
    return used


def _secret_file_key(name: str) -> tuple[str, ...] | None:
    key = VARIABLES.get(name.removesuffix("_FILE"))
    return key if name.endswith("_FILE") and key and key[-1] in SECRETS else None


def _read_secret(name: str, file: Path, mistakes: list[str]) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        mistakes.append(f"{name}: cannot read {file}: {exc}")
        return ""


def _across_keys(values: Mapping[str, Any], source: _Source) -> list[str]:
    """Return what is wrong between keys, which pydantic looks at only when each key by itself is right."""
    found = []
    parts: list[tuple[tuple[str, ...], type[BaseModel], Any]] = [
        (("account",), Account, values.get("account")),
        (("sender",), SenderSettings, values.get("sender")),
    ]
    others = values.get("accounts")
    parts += (
        [(("accounts", name), Account, one) for name, one in (others or {}).items()]
        if isinstance(others, dict)
        else []
    )
    for key, model, raw in parts:
        if isinstance(raw, dict):
            found += [_mistake({**error, "loc": key}, source) for error in _only_across(model, raw)]
    return found


def _only_across(model: type[BaseModel], raw: Mapping[str, Any]) -> list[Any]:
    """Return the errors between keys, with every key that is wrong by itself replaced by one that is right."""
    right = {"token": "t", "appid": "wx0123456789abcdef", "appsecret": "s"} if model is Account else {}
    try:
        model.model_validate({**right, **raw})
    except ValidationError as exc:
        wrong = {str(error["loc"][0]) for error in exc.errors() if error["loc"]}
        kept = {**right, **{name: value for name, value in raw.items() if name not in wrong}}
    else:
        return []
    try:
        model.model_validate(kept)
    except ValidationError as exc:
        return [error for error in exc.errors() if not error["loc"]]
    return []


def _mistake(error: Any, source: _Source) -> str:
    """Return one mistake in one line, without the value: it may be a secret."""
    key = tuple(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{'.'.join(key)} is missing: {source.how_to_set(key)}"
    if error["type"] == "extra_forbidden":
        return f"{source.name(key)}: no such setting"
    told = _PATTERNS.get(key[-1], error["msg"]) if error["type"] == "string_pattern_mismatch" else error["msg"]
    return f"{source.name(key)}: {told.removeprefix('Value error, ')}"


_PATTERNS = {
    "appid": "an AppID is wx and 16 letters and digits, as the console shows it",
    "fallback_webhook": "a webhook's address begins with https:// (or http:// on this machine)",
    "api_base": "the platform's address begins with https:// (or http:// for a simulator)",
    "bot": "a bot is named as module:attribute, for example mybot:bot",
    "bind": "an address to listen at is host:port, for example 127.0.0.1:8000",
}
