"""The platform's message encryption: AES-256-CBC with 32-byte padding and a fixed IV.

The scheme (SHA-1 signature, fixed IV) is the platform's and is kept inside this module; check
`msg_signature` before decrypting anything. Source: docs/platform.md §1.
"""

import base64
import binascii
import os
import re

from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

from wxbot.errors import MalformedPush

_KEY = re.compile(r"[A-Za-z0-9]{43}")
_BLOCK = 32  # bytes; the platform pads to twice the AES block
_SALT = 16  # random bytes before each message


class Cipher:
    """One EncodingAESKey and the AppID it belongs to."""

    def __init__(self, aes_key: str, appid: str) -> None:
        """Raise ValueError unless `aes_key` is 43 characters of A-Z, a-z, 0-9."""
        if not _KEY.fullmatch(aes_key):
            raise ValueError("an EncodingAESKey is 43 characters of A-Z, a-z and 0-9")
        key = base64.b64decode(aes_key + "=")
        self._cipher = BlockCipher(algorithms.AES(key), modes.CBC(key[:_SALT]))
        self._appid = appid.encode()

    def encrypt(self, message: bytes, *, salt: bytes | None = None) -> str:
        """Return the text for `Encrypt`; `salt` is 16 random bytes unless a test fixes it."""
        salt = os.urandom(_SALT) if salt is None else salt
        plain = salt + len(message).to_bytes(4, "big") + message + self._appid
        pad = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher.encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """Return the message inside `encrypted`.

        Raises MalformedPush, with one and the same text whatever was wrong, so that the answer
        tells an attacker nothing about where decryption failed.
        """
        try:
            return self._open(base64.b64decode(encrypted, validate=True))
        except (ValueError, binascii.Error):
            raise MalformedPush("the encrypted body could not be read with this key and AppID") from None

    def _open(self, ciphertext: bytes) -> bytes:
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        pad = padded[-1] if padded else 0
        plain = padded[:-pad]
        length = int.from_bytes(plain[_SALT : _SALT + 4], "big")
        message, appid = plain[_SALT + 4 : _SALT + 4 + length], plain[_SALT + 4 + length :]
        if not 1 <= pad <= _BLOCK or padded[-pad:] != bytes([pad]) * pad:
            raise ValueError("padding")
        if len(message) != length or appid != self._appid:
            raise ValueError("length or AppID")
        return message
