"""Whether all is well: what is wrong first, each with what to do; then what the parts of a deployment say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template
from markupsafe import Markup
from werkzeug.wrappers import Response

from wxbot.protocol.reaction import Meaning, meaning
from wxbot.store import counts, gates, processes, tokens, vitals
from wxbot.store.engine import Transaction
from wxbot.store.gates import Gate
from wxbot.store.processes import Process
from wxbot.store.tokens import StoredToken
from wxbot.store.vitals import Size
from wxbot.web.console import live, shown
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.words import language, say

_FRESH = 5.0  # seconds
_SILENT = 35.0  # seconds: a process notes itself every ten
_LATE = 60.0  # seconds that something due may wait before it is told
_BIG_LOG = 256 * 1024 * 1024  # bytes; SQLite's log is cut back to 16 MiB when nobody reads an old state
_DAY = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong, and what to do; `link` is where to look, "" for nowhere."""

    what: Markup
    do: Markup
    link: str = ""


@dataclass(frozen=True, slots=True)
class Vitals:
    """All that the page tells of one account and its store."""

    token: StoredToken
    closed: Sequence[Gate]
    resting: Sequence[Gate]
    alive: Sequence[Process]
    oldest: float | None
    doubtful: int
    refused: int
    failed: int
    errors: Sequence[tuple[Meaning, int]]
    size: Size
    revision: str


def health(room: Room) -> Blueprint:
    """Return the page."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/<account>/health")
    @page_for("agent")
    def shown(account: str) -> Response | str:
        works = who().may("operator")
        key = ("health", language(), account, str(works))
        part = room.live.part(key, lambda: _part(room, account, works=works), fresh=_FRESH)
        if live.is_wanted():
            return live.answer(part)
        return render_template("health.html", part=live.markup(part), tag=part.tag)

    return blueprint


def _part(room: Room, account: str, *, works: bool) -> str:
    now = room.now
    found = room.store.read(lambda tx: _look(tx, account, now))
    return render_template(
        "health_part.html",
        v=found,
        troubles=_troubles(found, now),
        works=works,
        now=now,
        silent=_SILENT,
        store=room.store.about,
        meaning=meaning,
        megabytes=lambda size: f"{size / 1_048_576:,.1f} MiB",
    )


def _look(tx: Transaction, account: str, now: float) -> Vitals:
    counted = counts.since(tx, account, now - _DAY)
    return Vitals(
        token=tokens.read(tx, account),
        closed=gates.closed(tx, account, now),
        resting=gates.resting(tx, account, now),
        alive=processes.listed(tx),
        oldest=vitals.oldest_due(tx, account, now),
        doubtful=vitals.count_state(tx, account, "doubtful"),
        refused=vitals.count_state(tx, account, "refused"),
        failed=sum(count for (_, what), count in counted.items() if what == "failed"),
        errors=_errors(counted),
        size=vitals.size(tx),
        revision=vitals.revision(tx),
    )


def _errors(counted: Mapping[tuple[int, str], int]) -> list[tuple[Meaning, int]]:
    """Return the errcodes that the platform answered, the most frequent first."""
    totals: dict[int, int] = {}
    for (_, what), count in counted.items():
        if what.startswith("errcode:"):
            errcode = int(what.removeprefix("errcode:"))
            totals[errcode] = totals.get(errcode, 0) + count
    return [(meaning(errcode), count) for errcode, count in sorted(totals.items(), key=lambda one: -one[1])]


def _troubles(found: Vitals, now: float) -> list[Trouble]:
    """Return what is wrong, the worst first."""
    return [
        *_no_sender(found, now),
        *(_gate(one) for one in found.closed),
        *_behind(found, now),
        *(_gate(one) for one in found.resting),
        *_to_decide(found),
        *_big_log(found),
    ]


def _no_sender(found: Vitals, now: float) -> list[Trouble]:
    if any(one.kind == "sender" and now - one.seen_at < _SILENT for one in found.alive):
        return []
    return [Trouble(say("No sender is alive: nothing goes out."),
                    say("Start `wxbot sender`, or look into its log why it ends."))]  # fmt: skip


def _gate(one: Gate) -> Trouble:
    known = meaning(one.errcode, at="token" if one.interface == "token" else "send")
    text = known.zh if language() == "zh" else known.en
    told = text if one.errcode else one.reason
    what = {
        "send": say("Nothing may be sent: {meaning}", meaning=told),
        "token": say("There is no access_token: {meaning}", meaning=told),
        "template": say("Template messages rest: {meaning}", meaning=told),
        "subscription": say("Subscription notices rest: {meaning}", meaning=told),
    }[one.interface]
    if one.probe_at is not None:
        return Trouble(
            what, say("Mend it at the platform's console; wxbot tries again by itself every 15 minutes.")
        )
    return Trouble(what, say("It opens again by itself."))


def _behind(found: Vitals, now: float) -> list[Trouble]:
    if found.oldest is None or now - found.oldest < _LATE or found.closed:
        return []
    waited = shown.span(now - found.oldest, language())
    return [Trouble(say("What is due waits for a sender, the oldest for {span}.", span=waited),
                    say("Start one more sender, or raise `threads` in [sender]."))]  # fmt: skip


def _to_decide(found: Vitals) -> list[Trouble]:
    troubles = []
    if found.doubtful:
        count = shown.capped(found.doubtful, vitals.MOST)
        troubles.append(Trouble(say("{count} follow-ups may or may not have arrived.", count=count),
                                say("Ask the users or look at their phones; then send again, or cancel."),
                                "outbox?state=doubtful"))  # fmt: skip
    if found.failed:
        troubles.append(Trouble(say("A handler failed {count} times within 24 hours.", count=found.failed),
                                say("Mend the bot, then replay the pushes."), "pushes/failed"))  # fmt: skip
    return troubles


def _big_log(found: Vitals) -> list[Trouble]:
    if found.size.log < _BIG_LOG:
        return []
    return [Trouble(say("SQLite's log is not cut back."),
                    say("A program keeps an old state of the file open: end it."))]  # fmt: skip
