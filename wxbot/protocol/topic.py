"""Topics: what users subscribe to, for example `flight:CA1501:2026-11-25`."""

from wxbot.errors import InvalidMessage

MAX_TOPIC = 128  # characters
_MARKS = ":._-"


def check_topic(topic: str) -> str:
    """Return a topic's name as it stands; raises InvalidMessage for one that cannot be.

    Letters are those of any script. Blanks are left out so that two names that look alike are one; marks
    alone are no name, as `.` and `..` cannot stand in a URL.
    """
    if not 1 <= len(topic) <= MAX_TOPIC:
        raise InvalidMessage(f"a topic has 1 to {MAX_TOPIC} characters, this one has {len(topic)}")
    foreign = [sign for sign in topic if not (sign.isalpha() or sign.isdecimal() or sign in _MARKS)]
    if foreign:
        raise InvalidMessage(f"topic {topic!r} has {foreign[0]!r}: letters, digits and {_MARKS} are allowed")
    if all(sign in _MARKS for sign in topic):
        raise InvalidMessage(f"topic {topic!r} has neither a letter nor a digit")
    return topic
