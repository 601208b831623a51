"""What proves that a push comes from the platform: timestamp, nonce and signatures, in its query."""

import secrets

from wxbot.protocol.signature import sign


def stamp(now: float) -> tuple[str, str]:
    """Return a timestamp and a fresh nonce; `now` is simulated Unix seconds."""
    return str(int(now)), str(secrets.randbelow(10**10))


def signed(token: str, timestamp: str, nonce: str) -> dict[str, str]:
    """Return the three parameters that every request to the bot carries."""
    return {"signature": sign(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}


def sealed(token: str, timestamp: str, nonce: str, encrypted: str) -> dict[str, str]:
    """Return the two parameters that come with an encrypted body; `encrypted` is what stands in `Encrypt`."""
    return {"encrypt_type": "aes", "msg_signature": sign(token, timestamp, nonce, encrypted)}
