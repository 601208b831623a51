"""Settings: file below environment, every mistake in one message, never a secret in it."""

from pathlib import Path

import pytest

from wxbot.errors import SettingsError
from wxbot.settings import VARIABLES, load

SECRET = "canary-secret-9f1c"
GOOD = {
    "WXBOT_TOKEN": "Wechat4go",
    "WXBOT_APPID": "wx0123456789abcdef",
    "WXBOT_APPSECRET": SECRET,
    "WXBOT_MODE": "plain",
}


def write(folder: Path, text: str) -> dict[str, str]:
    file = folder / "wxbot.toml"
    file.write_text(text)
    file.chmod(0o600)
    return {"WXBOT_CONFIG": str(file)}


def mistakes(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environment)
    return str(caught.value)


def test_the_environment_alone_is_enough() -> None:
    using = load(GOOD)

    assert using.account.token.get_secret_value() == "Wechat4go"
    assert using.database_url == "sqlite:///wxbot.db"


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    environment = write(tmp_path, 'bind = "127.0.0.1:1"\nworkers = 5\n[account]\nmode = "safe"\n')

    using = load({**GOOD, **environment, "WXBOT_BIND": "127.0.0.1:2"})

    assert (using.bind, using.workers, using.account.mode) == ("127.0.0.1:2", 5, "plain")


def test_all_mistakes_are_told_at_once_with_file_key_and_variable(tmp_path: Path) -> None:
    environment = write(tmp_path, "wrokers = 2\n[account]\nrate = -1\n[sender]\nlease = 1\n")

    told = mistakes({**environment, "WXBOT_MODE": "loud", "WXBOT_TOKN": "x"})

    for part in (
        f"{environment['WXBOT_CONFIG']}: wrokers: no such setting",
        f"{environment['WXBOT_CONFIG']}: account.rate",
        "WXBOT_MODE: Input should be",
        "WXBOT_TOKN: no such variable",
        "account.appid is missing: set WXBOT_APPID",
        "sender: lease (1) must be longer",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("name", "value"), [("WXBOT_AES_KEY", SECRET), ("WXBOT_APPID", SECRET), ("WXBOT_RATE", "0.5")]
)
def test_a_wrong_value_is_not_repeated_in_the_message(name: str, value: str) -> None:
    assert SECRET not in mistakes({**GOOD, name: value})


def test_secrets_are_masked_where_settings_are_printed() -> None:
    assert SECRET not in repr(load(GOOD))


def test_a_secret_is_read_from_the_file_its_variable_names(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    environment = {name: value for name, value in GOOD.items() if name != "WXBOT_APPSECRET"}

    using = load({**environment, "WXBOT_APPSECRET_FILE": str(tmp_path / "secret")})

    assert using.account.appsecret.get_secret_value() == SECRET


def test_a_secret_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    assert "WXBOT_TOKEN_FILE: cannot read" in mistakes({**GOOD, "WXBOT_TOKEN_FILE": str(tmp_path / "none")})


def test_a_file_with_secrets_that_others_may_read_is_refused(tmp_path: Path) -> None:
    environment = write(tmp_path, f'[account]\nappsecret = "{SECRET}"\n')
    Path(environment["WXBOT_CONFIG"]).chmod(0o644)

    assert "chmod 600" in mistakes({**GOOD, **environment})


@pytest.mark.parametrize("text", ["bind = ", "[account\n", "\udcff"])
def test_a_file_that_is_not_toml_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    environment = write(tmp_path, "")
    Path(environment["WXBOT_CONFIG"]).write_bytes(text.encode("utf-8", "surrogateescape"))

    assert environment["WXBOT_CONFIG"] in mistakes({**GOOD, **environment})


def test_a_file_that_is_not_there_is_a_mistake() -> None:
    assert "/nowhere/wxbot.toml" in mistakes({**GOOD, "WXBOT_CONFIG": "/nowhere/wxbot.toml"})


def test_mistakes_between_keys_are_told_beside_mistakes_of_single_keys(tmp_path: Path) -> None:
    environment = write(tmp_path, "workers = 0\n[account]\nrate = 0\n[sender]\nlease = 1\npoll = -1\n")

    told = mistakes({**GOOD, **environment, "WXBOT_MODE": "safe"})

    for part in ("workers", "account.rate", "sender.poll", "needs aes_key", "must be longer than"):
        assert part in told


@pytest.mark.parametrize("mode", ["safe", "compat"])
def test_an_encrypted_mode_without_its_key_is_a_mistake(mode: str) -> None:
    assert "needs aes_key" in mistakes({**GOOD, "WXBOT_MODE": mode})


def test_more_accounts_stand_in_the_file(tmp_path: Path) -> None:
    text = '[accounts.second]\ntoken = "b"\nappid = "wxfedcba9876543210"\nappsecret = "c"\nmode = "plain"\n'

    assert list(load({**GOOD, **write(tmp_path, text)}).all_accounts) == ["default", "second"]


TOPICS = """
[account]
fallback_webhook = "https://ops.example/wxbot"
[account.topics."flight:*"]
quiet = "23:00-07:00"
fallback = ["template", "webhook"]
template = { id = "T", url = "https://example.com/", data = { thing1 = "{{flight}}" } }
[account.topics."*"]
timezone = "Europe/Berlin"
"""
WEBHOOK = {"WXBOT_FALLBACK_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}


def test_topics_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    account = load({**GOOD, **WEBHOOK, **write(tmp_path, TOPICS)}).account

    assert list(account.topics) == ["flight:*", "*"]
    assert account.topics["flight:*"].fallback == ("template", "webhook")
    assert len(account.fallback_webhook_key) == 24


def test_the_webhooks_secret_is_a_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(WEBHOOK["WXBOT_FALLBACK_WEBHOOK_SECRET"])
    from_file = {"WXBOT_FALLBACK_WEBHOOK_SECRET_FILE": str(tmp_path / "secret")}
    inside = TOPICS.replace("[account]", f'[account]\nfallback_webhook_secret = "{SECRET}"')
    environment = write(tmp_path, inside)
    Path(environment["WXBOT_CONFIG"]).chmod(0o644)

    assert load({**GOOD, **from_file, **write(tmp_path, TOPICS)}).account.fallback_webhook_key
    write(tmp_path, inside)
    Path(environment["WXBOT_CONFIG"]).chmod(0o644)
    told = mistakes({**GOOD, **environment})
    assert "chmod 600" in told
    assert "fallback_webhook_secret: a webhook secret is whsec_ and base64" in told
    assert SECRET not in told


def test_every_mistake_in_topics_is_told_with_its_place(tmp_path: Path) -> None:
    environment = write(
        tmp_path,
        """
[account]
fallback_webhook = "ops.example"
[account.topics.one]
quiet = "23-7"
timezone = "Mars/Base"
template = { id = "T", data = { a = "{{x" } }
fallback = ["template", "sms"]
[account.topics.two]
fallback = ["template", "subscription"]
[account.topics.three]
fallback = ["webhook", "webhook"]
loud = true
""",
    )

    told = mistakes({**GOOD, **environment})

    for part in (
        "account.fallback_webhook: a webhook's address begins with https://",
        "account.topics.one.quiet: '23-7' is not hours",
        "account.topics.one.timezone: 'Mars/Base' is no time zone",
        "account.topics.one.template.data.a: '{{x' opens no {{name}}",
        "account.topics.one.fallback.1: Input should be 'template', 'subscription' or 'webhook'",
        "account.topics.two.fallback: names template and subscription, not set here",
        "account.topics.three.fallback: names a rung twice",
        "account.topics.three.loud: no such setting",
    ):
        assert part in told


def test_a_webhook_without_its_secret_and_a_rung_without_its_webhook_are_mistakes(tmp_path: Path) -> None:
    without = TOPICS.replace("fallback_webhook = ", "# fallback_webhook = ")

    assert "account.fallback_webhook_secret: is missing" in mistakes({**GOOD, **write(tmp_path, TOPICS)})
    told = mistakes({**GOOD, **write(tmp_path, without)})
    assert "account.topics: the fallback of flight:* names webhook: set fallback_webhook" in told


def test_every_fixed_variable_is_known() -> None:
    fixed = "TOKEN APPID APPSECRET AES_KEY MODE DATABASE_URL API_BASE BOT RULES BIND WORKERS RIGHTS"

    assert {f"WXBOT_{name}" for name in fixed.split()} <= set(VARIABLES)


@pytest.mark.parametrize(("written", "meant"), [("0", 0.0), ("90", 90.0), ("false", None)])
def test_join_is_seconds_or_false(tmp_path: Path, written: str, meant: float | None) -> None:
    assert load({**GOOD, **write(tmp_path, f"[account]\njoin = {written}\n")}).account.join == meant


@pytest.mark.parametrize("written", ["true", "-1", "7200", '"soon"'])
def test_a_join_that_is_none_is_told(tmp_path: Path, written: str) -> None:
    assert "account.join" in mistakes({**GOOD, **write(tmp_path, f"[account]\njoin = {written}\n")})


@pytest.mark.parametrize(("written", "meant"), [("7", 7.0), ("false", None)])
def test_retention_is_days_or_false(tmp_path: Path, written: str, meant: float | None) -> None:
    using = load({**GOOD, **write(tmp_path, f"[retention]\npushes = {written}\n")})

    assert (using.retention.pushes, using.retention.follow_ups) == (meant, 90.0)


@pytest.mark.parametrize(
    "written",
    ["pushes = 0.5", "follow_ups = 2", "publications = 0", "plans = -1", "unfollowed = true", "pushes = 1e9"],
)
def test_a_retention_that_is_none_is_told(tmp_path: Path, written: str) -> None:
    assert f"retention.{written.split()[0]}" in mistakes({**GOOD, **write(tmp_path, f"[retention]\n{written}\n")})
