"""The budget: a table of cases, and no plan of a reference delivers more decisive messages."""

import json
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxbot.delivery.budget import Awaited, Budget, Decision, decide
from wxbot.protocol.content import MAX_TEXT
from wxbot.protocol.outgoing import text_message
from wxbot.protocol.window import UNLIMITED, Grant
from wxbot.store.lanes import Head

NOW = 1_000_000.0
DAY = int(NOW) + 86_400
MINUTE = int(NOW) + 60
PLAIN = Budget(keep=1, join=60, hint="hint")


def head(text: str = "news", *, id: int = 1, priority: str = "normal", **more: object) -> Head:
    one = Head(
        id=id,
        account="a",
        openid="o",
        lane_id=1,
        message=text_message(text),
        due_at=NOW,
        ready_at=NOW,
        not_after=None,
        on_closed="hold",
        priority=priority,
        on_doubt="resend",
        state="claimed" if id == 1 else "queued",
        attempts=0,
        crashes=0,
        spent="",
        owner="",
        claim=1,
        topic=None,
        facts="{}",
        rung="window",
        key=None,
    )
    return replace(one, **more)  # type: ignore[arg-type]


def message(left: int) -> Grant:
    return Grant("message", left, DAY)


def action(left: int) -> Grant:
    return Grant("action", left, MINUTE)


def decided(
    *due: Head, grants: list[Grant], budget: Budget = PLAIN, later: int = 0, normal: float | None = None
) -> Decision:
    return decide(due, grants, NOW, budget, Awaited([NOW + 3600] * later, normal))


@pytest.mark.parametrize(
    ("grants", "priority", "decisive", "state", "kind"),
    [
        ([], "normal", 0, "held", None),
        ([], "decisive", 0, "held", None),
        ([message(5)], "normal", 0, "sending", "message"),
        ([message(2)], "normal", 0, "sending", "message"),
        ([message(1)], "normal", 0, "held", None),
        ([message(1)], "decisive", 0, "sending", "message"),
        ([message(0)], "decisive", 0, "held", None),
        ([message(3)], "normal", 3, "held", None),
        ([message(4)], "normal", 3, "sending", "message"),
        ([message(1), action(1)], "normal", 0, "sending", "action"),
        ([message(5), action(3)], "decisive", 0, "sending", "action"),
        ([message(1), action(0)], "normal", 0, "held", None),
        ([message(2), action(1)], "normal", 2, "sending", "action"),
        ([message(UNLIMITED)], "normal", 9, "sending", "message"),
    ],
)
def test_what_becomes_of_one_message(
    grants: list[Grant], priority: str, decisive: int, state: str, kind: str | None
) -> None:
    found = decided(head(priority=priority), grants=grants, later=decisive)

    assert found.move.state == state
    assert (found.grant and found.grant.kind) == kind


def test_nothing_is_kept_when_all_plans_are_over_but_for_what_is_planned() -> None:
    over = Awaited(is_over=True)

    assert decide([head()], [message(1)], NOW, PLAIN, over).move.state == "sending"
    assert decide([head()], [message(1)], NOW, PLAIN, replace(over, decisive=[NOW + 60])).move.state == "held"


def test_nothing_is_kept_when_nothing_is_to_be_kept() -> None:
    assert decided(head(), grants=[message(1)], budget=Budget(keep=0)).move.state == "sending"


def test_what_may_be_dropped_is_dropped_where_another_is_held() -> None:
    assert decided(head(on_closed="drop"), grants=[]).move.state == "expired"
    assert decided(head(on_closed="drop"), grants=[message(1)]).move.state == "expired"


def test_what_is_too_late_expires_before_anything_is_spent() -> None:
    assert decided(head(not_after=NOW - 1), grants=[message(5)]).grant is None


@pytest.mark.parametrize(
    "second",
    [
        head(id=2, state="sending"),
        head(id=2, state="claimed"),
        head(id=2, priority="decisive"),
        head(id=2, attempts=1),
        head(id=2, crashes=1),
        head(id=2, ready_at=NOW + 1),
        head(id=2, not_after=NOW - 1),
        head(id=2, on_doubt="park"),
        head(id=2, message='{"msgtype":"image","image":{"media_id":"m"}}'),
        head("x" * MAX_TEXT, id=2),
    ],
    ids=[
        "in doubt",
        "a dead sender's",
        "decisive",
        "tried",
        "crashed",
        "not ready",
        "late",
        "other doubt",
        "image",
        "too long",
    ],
)
def test_what_cannot_share_a_message_stays_behind(second: Head) -> None:
    assert decided(head(), second, head(id=3), grants=[message(5)]).joined == 0


def test_texts_are_joined_in_their_order_up_to_the_limit() -> None:
    found = decided(head("a" * 1000), head("b" * 1000, id=2), head("c" * 100, id=3), grants=[message(5)])

    assert found.joined == 1
    assert found.text == "a" * 1000 + "\n" + "b" * 1000


def test_nothing_is_joined_where_any_number_may_go() -> None:
    for spent in (0, 1, 1000):
        assert decided(head(), head(id=2), grants=[message(UNLIMITED - spent)]).joined == 0


@pytest.mark.parametrize(("left", "hinted"), [(5, False), (3, False), (2, True)])
def test_the_last_but_one_carries_the_hint(left: int, hinted: bool) -> None:
    found = decided(head("news"), grants=[message(left)])

    assert (found.text == "news\n\nhint") is hinted


def test_a_hint_that_does_not_fit_is_left_out() -> None:
    assert decided(head("x" * MAX_TEXT), grants=[message(2)]).text is None


@pytest.mark.parametrize(
    ("second", "more", "until"),
    [
        (head(id=2, due_at=NOW + 30, ready_at=NOW + 30), {}, NOW + 30),
        (head(id=2, due_at=NOW + 60, ready_at=NOW + 60), {}, NOW + 60),
        (head(id=2, due_at=NOW + 61, ready_at=NOW + 61), {}, None),
        (head(id=2, due_at=NOW + 30, ready_at=NOW + 30), {"grants": [message(UNLIMITED)]}, None),
        (head(id=2, due_at=NOW + 30, ready_at=NOW + 30), {"grants": [message(5), action(3)]}, None),
        (head(id=2, due_at=NOW + 30, ready_at=NOW + 30), {"grants": [Grant("message", 5, int(NOW) + 85)]}, None),
        (head(id=2, due_at=NOW + 30, ready_at=NOW + 30), {"budget": replace(PLAIN, join=0)}, None),
        (head(id=2, due_at=NOW + 30, ready_at=NOW + 30), {"budget": replace(PLAIN, join=None)}, None),
        (head(id=2, due_at=NOW + 30, ready_at=NOW + 30, priority="decisive"), {}, None),
        (head("x" * MAX_TEXT, id=2, due_at=NOW + 30, ready_at=NOW + 30), {}, None),
        (head(id=2), {"normal": NOW + 40}, NOW + 40),
        (head(id=2), {"normal": NOW}, NOW + 1),  # it is being made just now
        (head(id=2), {"normal": NOW, "grants": [message(5), action(1)]}, None),
    ],
)
def test_the_first_waits_for_what_is_due_soon(second: Head, more: dict[str, object], until: float | None) -> None:
    found = decided(head(), second, **{"grants": [message(5)], **more})  # type: ignore[arg-type]

    assert (found.move.state, found.move.ready_at) == (("queued", until) if until else ("sending", None))


def test_nothing_waits_past_its_own_end_or_when_it_is_late_already() -> None:
    soon = head(id=2, due_at=NOW + 30, ready_at=NOW + 30)

    assert decided(head(not_after=NOW + 20), soon, grants=[message(5)]).move.state == "sending"
    assert decided(head(due_at=NOW - 45), soon, grants=[message(5)]).move.state == "sending"
    assert decided(head(priority="decisive"), soon, grants=[message(5)]).move.state == "sending"
    assert decided(head(attempts=1), soon, grants=[message(5)]).move.state == "sending"


def test_a_text_that_is_not_ready_is_not_passed_by_the_one_behind_it() -> None:
    waiting = head("b", id=2, ready_at=NOW + 600)

    assert decided(head("a"), waiting, head("c", id=3), grants=[message(5)]).text is None


def test_what_was_seen_of_the_grants_is_told() -> None:
    seen = {"seen": [["message", 1, DAY], ["action", 0, MINUTE]]}

    assert decided(head(), grants=[message(1), action(0)]).move.told == seen


@pytest.mark.parametrize(
    ("decisive_at", "state"),
    [(NOW + 20, "held"), (NOW + 58, "sending"), (NOW + 3600, "sending")],
)
def test_a_minutes_last_message_is_left_to_a_decisive_one_within_it(decisive_at: float, state: str) -> None:
    found = decide([head()], [message(0), action(1)], NOW, PLAIN, Awaited([decisive_at]))

    assert found.move.state == state


MINUTES = st.integers(0, 90)  # from now; the minute's grant is open for the first of them
arrivals = st.lists(st.tuples(MINUTES, st.sampled_from(["normal", "decisive"])), max_size=8)
windows = st.tuples(st.integers(0, 5), st.integers(1, 90), st.integers(0, 3)).map(
    lambda drawn: [
        Grant("message", drawn[0], int(NOW) + drawn[1] * 60 + 90),  # 90: a margin is taken from the end
        Grant("action", drawn[2], int(NOW) + 60),
    ]
)


def _play(arrivals: list[tuple[int, str]], grants: list[Grant], budget: Budget) -> list[str]:
    """Play the decisions as time goes by, in each minute the normal ones first: the worst for the others."""
    queue = sorted((NOW + 60 * minute, kind != "normal", kind) for minute, kind in arrivals)
    left = {grant.kind: grant for grant in grants}
    sent: list[str] = []
    for number, (at, _, kind) in enumerate(queue):
        awaited = Awaited([due_at for due_at, _, other in queue[number + 1 :] if other == "decisive"])
        one = head(id=number, priority=kind, due_at=at, ready_at=at)
        found = decide([one], list(left.values()), at, budget, awaited)
        if found.grant is not None:
            assert found.grant.is_open(at)
            left[found.grant.kind] = replace(found.grant, left=found.grant.left - 1)
            sent.append(kind)
    return sent


def _best(arrivals: list[tuple[int, str]], grants: list[Grant]) -> int:
    """Return the most decisive messages that any plan delivers: every choice of a grant or none is tried."""
    times = sorted(NOW + 60 * minute for minute, kind in arrivals if kind == "decisive")
    plans = product([None, *grants], repeat=len(times))
    return max(
        sum(choice is not None for choice in plan)
        for plan in plans
        if all(
            choice is None or replace(choice, left=1).is_open(at) for at, choice in zip(times, plan, strict=True)
        )
        and all(sum(choice is one for choice in plan) <= one.left for one in grants)
    )


@given(arrivals, windows, st.integers(0, 3))
def test_no_plan_of_the_reference_delivers_more_decisive_messages(
    arrivals: list[tuple[int, str]], grants: list[Grant], keep: int
) -> None:
    sent = _play(arrivals, grants, Budget(keep=keep, join=None))

    assert len(sent) <= sum(grant.left for grant in grants)
    assert sent.count("decisive") == _best(arrivals, grants)


grants = st.tuples(st.integers(0, 5), st.integers(0, 3)).map(lambda left: [message(left[0]), action(left[1])])


@given(st.lists(st.text(min_size=1, max_size=300).filter(str.strip), min_size=1, max_size=20), grants)
def test_what_goes_out_never_breaks_the_limit_and_loses_nothing(texts: list[str], allowance: list[Grant]) -> None:
    due = [head(text, id=number) for number, text in enumerate(texts)]
    found = decide(due, allowance, NOW, PLAIN, Awaited())
    if found.grant is None:
        return

    out = found.text if found.text is not None else json.loads(due[0].message)["text"]["content"]
    assert len(out.encode()) <= MAX_TEXT
    told = [json.loads(one.message)["text"]["content"] for one in due[: found.joined + 1]]
    assert out in ("\n".join(told), "\n".join(told) + "\n\nhint")
