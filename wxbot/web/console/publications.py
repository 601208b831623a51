"""One publication in a line, by where it stands."""

from dataclasses import dataclass

from wxbot.store.topic_lists import Listed
from wxbot.web.console.follow_ups import content_of


@dataclass(frozen=True, slots=True)
class PublicationCard:
    """A publication as a page shows it. `state`: waiting (for a fact) | planned | publishing | done | cancelled."""

    id: int
    topic: str
    step: str
    kind: str
    text: str
    due_at: float
    state: str
    total: int
    priority: str


def card_of(one: Listed, now: float) -> PublicationCard:
    """Return a publication with its state in the words of the console."""
    kind, text = content_of(one.message)
    state = one.state if one.state != "running" else "planned" if one.due_at > now else "publishing"
    step = one.step or ""
    return PublicationCard(one.id, one.topic, step, kind, text, one.due_at, state, one.total, one.priority)
