"""The bot of the airport day, written as a user of wxbot would: one plan for all flights, and a timetable.

A notice has one priority, however far the moment moves: here each delay and each change of a gate is decisive.
"""

import json
import os
from pathlib import Path

from benchmarks import words
from benchmarks.flights import local
from wxbot import Bot, Context, Plan, notice, step
from wxbot.times.spans import format_span

TIMETABLE = "AIRPORT_TIMETABLE"  # the environment's name for the file: number -> [departure, seconds in the air]

CANCELLED = {"status": "cancelled"}


def _text(line: str) -> str:
    return line.replace("{", "{{").replace("}", "}}")


FLIGHT = Plan(
    name="flight",
    steps=[
        step("check-in", "T-24h", _text(words.CHECK_IN), not_after="23h"),
        step("gate", "T-6h", _text(words.GATE), not_after="6h"),
        step("boarding", "T-40m", _text(words.BOARDING), not_after="25m", priority="decisive"),
        step("last call", "T-15m", _text(words.LAST_CALL), not_after="10m", priority="decisive"),
        step("landed", "T+{{duration}}", _text(words.LANDED), not_after="12h"),
        step("belt", "T+{{duration}}", _text(words.BELT), not_after="3h"),
        step("miles", "T+{{duration}}+2d", _text(words.MILES)),
    ],
    moved=notice(_text(words.DELAY), priority="decisive", not_after="3h"),
    changed={
        "gate": notice(_text(words.GATE_CHANGE), priority="decisive", not_after="2h"),
        "status": notice(_text(words.CANCELLED), priority="decisive", not_after="6h"),
    },
)

bot = Bot()
_timetable = json.loads(Path(os.environ[TIMETABLE]).read_text("utf-8")) if TIMETABLE in os.environ else {}


def topic(number: str) -> str:
    """Return what those who asked about a flight subscribe to."""
    return f"flight:{number}"


@bot.text(r"(?P<number>CA\d{4})")
def status(number: str, ctx: Context) -> str:
    """Tell the flight's state, and follow it from now on."""
    if number not in _timetable:
        return words.HELP
    known, (departs, lasts) = ctx.planned(topic(number)), _timetable[number]
    if CANCELLED.items() <= known.facts.items():
        return words.IS_CANCELLED.format(flight=number)
    facts = {"flight": number, "duration": format_span(lasts), "status": "as planned"}
    ctx.plan(topic(number), FLIGHT, moment=departs, facts=facts)
    gate = known.facts.get("gate", words.UNKNOWN_GATE)
    return words.STATUS.format(flight=number, time=local(known.moment or departs), gate=gate)


@bot.click("HELP")
def tapped() -> str:
    """Tell what can be asked."""
    return words.HELP


@bot.default
def anything() -> str:
    """Tell what can be asked."""
    return words.HELP
