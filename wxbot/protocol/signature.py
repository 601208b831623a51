"""The signature of a push: proof that it comes from the platform.

Three parts (token, timestamp, nonce) in every mode; four (and Encrypt) for `msg_signature`.
Source: docs/platform.md §1.
"""

import hashlib
import hmac

FRESH = 300  # seconds that a signed timestamp may be off


def sign(token: str, *parts: str) -> str:
    """Return the lower-case hex SHA-1 over the token and parts, sorted as strings and glued together."""
    joined = "".join(sorted([token, *parts])).encode("utf-8", "replace")
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()


def is_signed(signature: str, token: str, *parts: str) -> bool:
    """Return whether `signature` is the one for these parts; constant time, any text is safe to ask about."""
    return hmac.compare_digest(sign(token, *parts).encode(), signature.encode("utf-8", "replace"))
