"""Which signature of an exchange fits, and over what: the question when a bot answers 403 or shows nothing.

Each is calculated anew from what went over the wire. Source: docs/platform.md §1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from wxbot.protocol.signature import is_signed


@dataclass(frozen=True, slots=True)
class Check:
    """One look: `over` names the parts that were sorted and hashed, never the token itself."""

    name: str
    ok: bool
    over: str = ""


def of_request(query: Mapping[str, str], body: bytes, token: str) -> list[Check]:
    """Return the checks that a bot should make of this request from the platform."""
    parts = [query.get("timestamp", ""), query.get("nonce", "")]
    over = "token + timestamp + nonce"
    checks = [Check("signature", is_signed(query.get("signature", ""), token, *parts), over)]
    if "msg_signature" in query:
        encrypted = element(body, "Encrypt")
        ok = is_signed(query["msg_signature"], token, *parts, encrypted)
        checks.append(Check("msg_signature", ok, f"{over} + Encrypt"))
    return checks


def of_answer(answer: bytes, token: str) -> list[Check]:
    """Return the check the platform makes of an encrypted answer; nothing for a plain one."""
    encrypted = element(answer, "Encrypt")
    if not encrypted:
        return []
    parts = [element(answer, name) for name in ("TimeStamp", "Nonce")]
    ok = is_signed(element(answer, "MsgSignature"), token, *parts, encrypted)
    return [Check("MsgSignature", ok, "token + TimeStamp + Nonce + Encrypt")]


def element(body: bytes, name: str) -> str:
    """Return the text of an element below the root, "" when there is none or the body is no XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body.strip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return ""
    return root.findtext(name) or ""
