"""Temporary media: kept three days, then the id is refused. Source: docs/platform.md §9."""

import base64
from dataclasses import dataclass, field

LIFE = 3 * 86_400  # seconds
DOT = base64.b64decode(  # one grey pixel, for pictures that nobody has made
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


@dataclass(slots=True)
class MediaShelf:
    """What was uploaded. The bytes stay out of the saved state: after a restart only ids are known."""

    uploaded: dict[str, float] = field(default_factory=dict)  # media_id -> when it was uploaded

    def is_usable(self, media_id: object, now: float) -> bool:
        """Return whether a message may use this id: unknown ids pass, as permanent material does.

        Ids that begin with `bad` are refused, so that a test can ask for the error.
        """
        if not isinstance(media_id, str) or not media_id or media_id.startswith("bad"):
            return False
        return now < self.uploaded.get(media_id, now) + LIFE
