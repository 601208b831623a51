"""What is allowed in a rules file and yet is probably not meant."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wxbot.protocol.inbound import EVENTS, MESSAGES
from wxbot.reply.rule import Rule
from wxbot.reply.toml_lines import At
from wxbot.reply.toml_table import suggestion

Doubts = Iterator[tuple[At, str]]


def doubts_about(rules: Sequence[Rule]) -> Doubts:
    """Return place and message of all that is doubtful in rules, given in the order they are tried."""
    yield from _shadowed(rules)
    yield from _same_names(rules)
    for rule in rules:
        yield from _unknown_kinds(rule)


def _shadowed(rules: Sequence[Rule]) -> Doubts:
    first: dict[str, Rule] = {}
    for rule in rules:
        earlier = first.setdefault(_question(rule.table.values), rule)
        if earlier is not rule:
            number = int(earlier.table.at[1]) + 1
            yield rule.table.at, f"can never be reached: rule {number} has the same match and is tried first"


def _question(values: Mapping[str, Any]) -> str:
    """Return the same text for matches that ask the same, in whatever order they are written."""
    if values.get("default"):
        return "default"
    match = {key: [one] if isinstance(one, str) else one for key, one in values["match"].items()}
    if not match.get("ignore_case", True):
        del match["ignore_case"]
    return repr({key: sorted(one) if isinstance(one, list) else one for key, one in sorted(match.items())})


def _same_names(rules: Sequence[Rule]) -> Doubts:
    first: dict[str, int] = {}
    for rule in sorted(rules, key=lambda rule: int(rule.table.at[1])):
        name, number = rule.table.get("name", str, ""), int(rule.table.at[1]) + 1
        if name and first.setdefault(name, number) != number:
            yield (*rule.table.at, "name"), f"is also the name of rule {first[name]}"


def _unknown_kinds(rule: Rule) -> Doubts:
    match = rule.table.table("match")
    for key, known in (("message", MESSAGES), ("event", EVENTS)):
        kind = match.get(key, str, "")
        if kind and kind.lower() not in known:
            yield (*match.at, key), f"is {kind!r}, which wxbot has not heard of{suggestion(kind.lower(), known)}"
