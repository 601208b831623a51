"""The airport day: the same for the same seed, judged by what phones show, and a tiny one plays."""

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.airport_day import SIDES, one_run
from benchmarks.day import Day, make_day
from benchmarks.flights import MIDNIGHT, Flight, News
from benchmarks.foresight import foresight
from benchmarks.plot import plot
from benchmarks.report import Run, page
from benchmarks.sabotage import POINTS
from benchmarks.score import Score, percentile, score
from benchmarks.travellers import Act, Traveller

T = MIDNIGHT + 12 * 3600
BOARDING = News("boarding", T, T + 1500, True, "CA1 登机")
BELT = News("belt", T + 7200, T + 9000, False, "CA1 转盘 3")
LEDGER = {"accepted": 2, "refused": {"45047": 1}, "outside_window": 0, "over_quota": 1, "duplicates": 0}


def one_day(*acts: Act) -> Day:
    """A day of one flight with two pieces of news, and one traveller."""
    return Day({"CA1": Flight("CA1", T + 2400, 3600, (BOARDING, BELT))}, (Traveller(acts),))


def item(text: str, at: float, direction: str = "in") -> dict[str, Any]:
    return {"direction": direction, "text": text, "at": at}


def judged(*items: dict[str, Any]) -> Score:
    return score(one_day(Act(T - 3600, "ask", "CA1")), [items], LEDGER, [T, T + 60, T + 7200])


def test_a_day_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert make_day(20, 50, 1) == make_day(20, 50, 1)
    assert make_day(20, 50, 1) != make_day(20, 50, 2)


@pytest.mark.parametrize("seed", range(5))
def test_what_the_clock_brings_and_what_is_told_never_fall_together(seed: int) -> None:
    moments = make_day(60, 300, seed).moments()

    assert [one for one in moments if bool(one.acts) + bool(one.told) + bool(one.due) != 1] == []
    assert [one.at for one in moments] == sorted({one.at for one in moments})


@pytest.mark.parametrize("seed", range(5))
def test_each_flight_boards_at_a_gate_that_was_told_and_nothing_follows_a_cancellation(seed: int) -> None:
    for flight in make_day(60, 0, seed).flights.values():
        kinds = [one.kind for one in flight.news]
        gates = [dict(one.facts)["gate"] for one in flight.news if one.kind in ("gate", "gate change")]
        assert "cancelled" not in kinds[:-1]
        assert kinds[-1] == "cancelled" or kinds.index("gate") < kinds.index("boarding") < kinds.index("last call")
        assert [
            one for one in flight.news if one.kind == "boarding" and not any(g in one.text for g in gates)
        ] == []


def test_nothing_is_owed_before_asking_or_after_leaving() -> None:
    asked, left = Act(T - 3600, "ask", "CA1"), Act(T + 3600, "leave")

    assert [news for _, news in one_day(asked).owed(0)] == [BOARDING, BELT]
    assert [news for _, news in one_day(asked, left).owed(0)] == [BOARDING]
    assert [news for _, news in one_day(replace(asked, at=T + 60)).owed(0)] == [BELT]


def test_news_counts_when_its_line_is_on_the_phone_alone_or_joined() -> None:
    alone = judged(item(BOARDING.text, T + 3), item(BELT.text, T + 7203))
    joined = judged(item(f"{BOARDING.text}\n{BELT.text}\n\n回复任意内容", T + 7203))

    assert (alone.all.delivered, alone.all.in_time, alone.decisive.in_time) == (2, 2, 1)
    assert (joined.all.delivered, joined.all.in_time, joined.decisive.in_time) == (2, 1, 0)
    assert (alone.late, joined.late) == ([0, 0], [0, 7200])


def test_what_a_traveller_wrote_and_another_gate_are_no_news() -> None:
    result = judged(item(BOARDING.text, T, "out"), item("CA1 登机 C9", T))

    assert (result.all.delivered, result.empty_handed) == (0, 1)


def test_doubled_and_backwards_are_counted_on_the_phone() -> None:
    twice = judged(item(BOARDING.text, T), item(BOARDING.text, T + 60))
    backwards = judged(item(BELT.text, T + 7200), item(BOARDING.text, T + 7300))

    assert (twice.doubled, twice.backwards) == (1, 0)
    assert (backwards.doubled, backwards.backwards) == (0, 1)


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([1, 2, 3, 4], share) for share in (0, 0.5, 0.99)] == [1, 3, 4]
    assert percentile([], 0.5) == 0


def test_the_page_and_the_picture_name_both_runs_and_how_to_play_them_again() -> None:
    scores = {name: judged(item(BOARDING.text, T)) for name in SIDES}
    written = page(scores, Run(1, 1, 7, "2026-11-25", "abc1234", "2 cores", 61.0))

    assert "| decisive news delivered in time | 100.0 % (1 of 1) | 100.0 % (1 of 1) |" in written
    assert "| refused: over the quota (45047) | 1 | 1 |" in written
    assert "--flights 1 --travellers 1 --seed 7" in written
    assert [name for name in (*SIDES, "boarding") if f">{name}</text>" not in plot(scores)] == []


def test_foresight_delivers_what_the_rights_allow() -> None:
    more = tuple(News("delay", T + 60 * n, T + 3000, True, f"delay {n}") for n in range(7))
    day = Day({"CA1": Flight("CA1", T + 9000, 3600, more)}, ())
    acts = (Act(T - 3600, "ask", "CA1"), Act(T + 270, "tap"), Act(T + 2900, "write"))

    def best(*acts: Act) -> tuple[int, int]:
        found = foresight(replace(day, travellers=(Traveller(acts),)))
        return found.in_time, found.owed

    assert best(*acts[:1]) == (5, 7)
    assert best(*acts[:2]) == (6, 7)  # the tap carries the one within its minute
    assert best(*acts) == (7, 7)  # and the return brings the last


def test_a_tiny_day_breaks_no_rule_and_tells_no_less_that_is_decisive_than_the_naive_way() -> None:
    day = make_day(3, 25, 7)
    ours, theirs = (one_run(name, day, lambda done, total: None) for name in ("wxbot", "naive"))

    assert (
        ours.ledger["over_quota"] == ours.ledger["outside_window"] == ours.ledger["duplicates"] == ours.doubled == 0
    )
    assert ours.ledger["notices"] == 0
    assert theirs.ledger["over_quota"] > 0
    assert ours.decisive.in_time >= theirs.decisive.in_time
    assert ours.decisive.owed == theirs.decisive.owed > 0


@pytest.mark.parametrize(("whose", "name"), [place[:2] for place in POINTS.values()], ids=list(POINTS))
def test_a_point_where_a_process_can_end_is_there(whose: Any, name: str) -> None:
    assert callable(getattr(whose, name))
