"""From a POST to its verified plaintext, and from a reply to what goes out: the mode's part.

The mode is ours to set, not the query string's: in compatible and safe mode `msg_signature` over
`Encrypt` is checked, and only what was inside the encryption is believed.
Source: docs/platform.md §1.3, §1.4, §1.5.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from wxbot.errors import BadSignature, MalformedPush
from wxbot.protocol.cipher import Cipher
from wxbot.protocol.signature import FRESH, is_signed, sign
from wxbot.protocol.wire import parse, render, text_of

_TIMESTAMP = re.compile(r"[0-9]{10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters a push is verified by, each `""` when missing."""

    signature: str
    timestamp: str
    nonce: str
    encrypt_type: str = ""
    msg_signature: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A verified plaintext; `signature` is set where it does not cover the body, `cipher` is what opened it."""

    body: bytes
    signature: str = ""
    cipher: Cipher | None = None


class Reader:
    """One account's lock: its token, its mode, and its keys, newest first."""

    def __init__(
        self, token: str, mode: Literal["plain", "compat", "safe"], ciphers: Sequence[Cipher] = ()
    ) -> None:
        self._token, self._mode, self._ciphers = token, mode, ciphers

    def verify(self, query: Query, now: float) -> None:
        """Raise BadSignature unless the three-part signature is ours and fresh."""
        if not _TIMESTAMP.fullmatch(query.timestamp) or abs(int(query.timestamp) - now) > FRESH:
            raise BadSignature(f"timestamp is not within {FRESH} s of now: check the clock, or it is a replay")
        if not is_signed(query.signature, self._token, query.timestamp, query.nonce):
            raise BadSignature("signature does not match: is the token the one set on the platform?")

    def open(self, query: Query, body: bytes, now: float) -> Opened:
        """Return the plaintext of a POST; raises BadSignature, or MalformedPush for what cannot be read."""
        self.verify(query, now)
        if self._mode == "plain":
            if query.encrypt_type == "aes":
                raise BadSignature(
                    'the push is encrypted and our mode is "plain": set the mode used on the platform'
                )
            return Opened(body, signature=query.signature)
        return self._decrypt(query, body)

    def seal(self, opened: Opened, xml: bytes, now: int) -> bytes:
        """Return the reply as this mode wants it: as it is, or encrypted with the key that opened the push."""
        if opened.cipher is None:
            return xml
        encrypted, nonce = opened.cipher.encrypt(xml), secrets.token_hex(8)
        return render(
            {
                "Encrypt": encrypted,
                "MsgSignature": sign(self._token, str(now), nonce, encrypted),
                "TimeStamp": now,
                "Nonce": nonce,
            }
        ).encode()

    def unseal(self, reply: bytes) -> bytes:
        """Return the XML of a reply that `seal` made, also one made with a key before; raises MalformedPush."""
        encrypted = text_of(parse(reply), "Encrypt")
        if not encrypted:
            return reply
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(encrypted)
            except MalformedPush:
                continue
        raise MalformedPush("none of the keys opens it")

    def _decrypt(self, query: Query, body: bytes) -> Opened:
        try:
            encrypted = text_of(parse(body), "Encrypt")
        except MalformedPush:
            encrypted = ""
        signed = is_signed(query.msg_signature, self._token, query.timestamp, query.nonce, encrypted)
        if not encrypted or not signed:
            raise BadSignature(f'msg_signature does not match the body in mode "{self._mode}"')
        *previous, last = self._ciphers
        for cipher in previous:
            try:
                return Opened(cipher.decrypt(encrypted), cipher=cipher)
            except MalformedPush:
                continue
        return Opened(last.decrypt(encrypted), cipher=last)
