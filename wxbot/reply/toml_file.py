"""A TOML file that people write: its text and its values, or what is wrong with it and on which line."""

import re
import tomllib
from pathlib import Path
from typing import Any

from wxbot.errors import FileError

_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def parse(path: Path, wrong: type[FileError]) -> tuple[str, dict[str, Any]]:
    """Return a file's text and its values; raises `wrong` for one that is no TOML."""
    try:
        text = path.read_text("utf-8-sig")  # some editors put a byte order mark in front
    except OSError as exc:
        raise wrong(f"{path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise wrong(f"{path} is not UTF-8: {exc.reason} at byte {exc.start}") from exc
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise wrong(_syntax_error(path, text, str(exc))) from exc


def _syntax_error(path: Path, text: str, told: str) -> str:
    found = _POSITION.search(told)
    line = (found and found[1]) or len(text.splitlines())
    return f"{path}:{line}: {_POSITION.sub('', told)}"
