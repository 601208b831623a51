"""Inputs that are almost right: lines of a corpus, changed at random by a seed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

MOST = 60_000  # bytes an input may grow to; the web reads 64 KiB
_CORPUS = Path(__file__).parent / "corpus"
_GROWS = 0.01  # share of the inputs that grow: they take longest
# What has broken such readers elsewhere, in XML, JSON, URLs and base64 alike.
_WORDS = (
    *(b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"&#0;", b"&#xD800;", b"]]>", b"<![CDATA[", b"<!--", b"<?x"),
    *(b"</xml>", b"<a xmlns='u'>", b"<a xmlns:b='u' b:c=''/>", b"<item>", b"<xml>", b"encoding='gbk'"),
    *(b"\xef\xbb\xbf", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xe4\xbd"),
    *(b"\\ud800", b"\\u0000", b"\\", b'"', b"{", b"[", b"}", b"null", b"true", b"[]", b"{}", b'""'),
    *(b"NaN", b"-Infinity", b"1e999", b"-1", b"0", b"9" * 20, b"9" * 400, b"1.5"),
    *(b"%", b"%00", b"%C3%A9", b"%ED%A0%80", b"&", b"=", b";", b"+", b"/", b"\r\n", b"\t", b" ", b"'"),
    *(b"{{x}}", b"..", b"A" * 64),
)


def corpus(name: str) -> list[bytes]:
    """Return the lines of one file of the corpus."""
    return (_CORPUS / f"{name}.txt").read_bytes().splitlines()


class Mutator:
    """Changes lines of one corpus; the same inputs in the same order for the same seed."""

    def __init__(self, lines: Sequence[bytes], seed: str) -> None:
        self._lines, self._chance = lines, Random(seed)

    def next(self) -> bytes:
        """Return a line of the corpus after up to six changes; one in a hundred of them grows long."""
        data = self._chance.choice(self._lines)
        for _ in range(self._chance.randrange(7)):
            data = self._chance.choice(_CHANGES)(data, self._chance, self._lines)
        if self._chance.random() < _GROWS:
            data = _grown(data, self._chance, self._lines)
        return data[:MOST]


_Change = Callable[[bytes, Random, Sequence[bytes]], bytes]


def _span(data: bytes, chance: Random, most: int) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.randrange(1, most))


def _flipped(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :] if at < len(data) else data


def _cut(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, chance, 40)
    return data[:start] + data[end:]


def _repeated(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, chance, 60)
    return data[:end] + data[start:end] * chance.randrange(1, 4) + data[end:]


def _inserted(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + chance.choice(_WORDS) + data[start:]


def _replaced(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, chance, 12)
    return data[:start] + chance.choice(_WORDS) + data[end:]


def _spliced(data: bytes, chance: Random, lines: Sequence[bytes]) -> bytes:
    other = chance.choice(lines)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _shortened(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _grown(data: bytes, chance: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(data, chance, 60)
    part = data[start:end] or chance.choice(_WORDS)
    return data[:end] + part * (MOST // len(part)) + data[end:]


_CHANGES: tuple[_Change, ...] = (_flipped, _cut, _repeated, _inserted, _inserted, _replaced, _spliced, _shortened)
