"""What a developer does with an exchange: paste its curl command, run its saved test."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import requests

from wxbot.protocol.cipher import Cipher
from wxbot.protocol.signature import sign
from wxbot.simulator.config import SimulatorConfig


def run(command: str) -> requests.Response:
    """Do what curl would: the command is read as a shell reads it."""
    words = shlex.split(command.replace('"$WXBOT_APPSECRET"', "s" * 32))
    assert words[:2] == ["curl", "-sS"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    name, _, value = options.get("-H", "Accept: */*").partition(": ")
    body = options.get("--data-raw", "").encode()
    return requests.request(options.get("-X", "GET"), words[2], data=body, headers={name: value}, timeout=5)


def verdict(folder: Path, code: str) -> str:
    """Run a saved test in a process of its own, as a developer would."""
    (folder / "test_saved.py").write_text(code, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_saved.py"]
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("WXBOT_", "PYTEST_"))}
    environment = {**bare, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # it needs none, and they take seconds to load
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return {0: "passed", 1: "failed"}.get(done.returncode, done.stdout + done.stderr)


def sealed(config: SimulatorConfig, plain: str, *, token: str = "Wechat4go") -> str:
    encrypted = Cipher(config.aes_key, config.appid).encrypt(plain.encode())
    return (
        f"<xml><Encrypt>{encrypted}</Encrypt><MsgSignature>{sign(token, '1', '2', encrypted)}</MsgSignature>"
        "<TimeStamp>1</TimeStamp><Nonce>2</Nonce></xml>"
    )
