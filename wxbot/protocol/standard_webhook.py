"""The signature of an outgoing webhook, by the Standard Webhooks scheme.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac


def signed_headers(key: bytes, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that let a receiver check who calls, what about, and when (Unix seconds).

    `id` is the same in each try, so that the receiver knows a repeat; it holds no dot.
    """
    content = f"{id}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{digest}"}
