"""QR codes that subscribe: the scene of a code is a prefix and a topic, `topic:flight:CA1501:2026-11-25`.

Source: docs/platform.md §9.
"""

from wxbot.errors import InvalidMessage
from wxbot.protocol.topic import check_topic

LONGEST = 64  # characters of a scene


def scene_of(topic: str, prefix: str) -> str:
    """Return the scene of a topic; raises InvalidMessage when it would be none or too long."""
    if not prefix:
        raise InvalidMessage('scene_prefix is "" in the settings: no QR code subscribes anybody')
    scene = prefix + check_topic(topic)
    if len(scene) > LONGEST:
        raise InvalidMessage(
            f"{scene!r} has {len(scene)} characters, and the scene of a QR code holds {LONGEST}: "
            f"give a topic of at most {LONGEST - len(prefix)}"
        )
    return scene


def topic_in(scene: str, prefix: str) -> str | None:
    """Return the topic that a scene names, None when it does not begin with the prefix or there is none.

    Raises InvalidMessage for a name that no topic can have.
    """
    return check_topic(scene.removeprefix(prefix)) if prefix and scene.startswith(prefix) else None
