"""The account's access tokens: two endpoints, two separate tokens, each with a 5-minute overlap.

Source: docs/platform.md §4.
"""

import secrets
from dataclasses import dataclass, field
from typing import Literal

Endpoint = Literal["token", "stable_token"]

LIFE = 7200  # seconds
OVERLAP = 300  # seconds in which the old token and the new one both work
FORCE_SPACING = 30  # seconds between two forced refreshes; sooner ones change nothing
_FORGET = 86_400  # seconds after which a dead token is as unknown as any other text


@dataclass(slots=True)
class AccessToken:
    """One token ever issued; `dies` may lie before `expires` once it was replaced or killed."""

    value: str
    issued: float
    expires: float
    dies: float


@dataclass(slots=True)
class Tokens:
    """Every token of the account, oldest first, by the endpoint that issued it."""

    issued: dict[str, list[AccessToken]] = field(default_factory=lambda: {"token": [], "stable_token": []})

    def fresh(self, endpoint: Endpoint, now: float) -> AccessToken:
        """Issue a token; the one before it works for five more minutes at most."""
        kept = [token for token in self.issued[endpoint] if now < token.dies + _FORGET]
        for token in kept:
            token.dies = min(token.dies, now + OVERLAP)
        new = AccessToken("92_" + secrets.token_urlsafe(100), now, now + LIFE, now + LIFE)
        self.issued[endpoint] = [*kept, new]
        return new

    def stable(self, now: float, *, force: bool) -> AccessToken:
        """Return the current stable token, renewed in its last five minutes or by force.

        Force ends the old token at once, and is ignored within 30 seconds of the last issue.
        """
        current = self.issued["stable_token"][-1] if self.issued["stable_token"] else None
        if current is None or now >= current.dies - OVERLAP:
            return self.fresh("stable_token", now)
        if not force or now - current.issued < FORCE_SPACING:
            return current
        current.dies = now
        return self.fresh("stable_token", now)

    def errcode(self, value: str, now: float) -> int | None:
        """Return why this token is refused now (41001, 40001, 42001), or None when it works."""
        if not value:
            return 41001
        known = [token for tokens in self.issued.values() for token in tokens if token.value == value]
        if not known:
            return 40001
        if now < known[0].dies:
            return None
        return 42001 if now >= known[0].expires else 40001

    def kill(self, now: float) -> None:
        """End every token at once, as another server of the same account does."""
        for token in (token for tokens in self.issued.values() for token in tokens):
            token.dies = min(token.dies, now)
