"""Plans over real HTTP: a topic's steps go out at their times, and move when its moment moves."""

from collections.abc import Iterator, Mapping

import pytest

from flow.stage import Stage, staged
from wxbot.delivery import plans
from wxbot.delivery.plans import PlanCard
from wxbot.delivery.queue import unsubscribe
from wxbot.errors import InvalidMessage
from wxbot.examples import flight
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context, after
from wxbot.reply.plan import Plan, PlanChange, notice, step

TOPIC = "flight:CA1501"
HOUR = 3600.0
PLAN = Plan(
    name="flight",
    steps=[
        step("checkin", "T-4h", "check in for {{time}}", not_after="3h"),
        step("gate", "T-90m", "gate {{gate}}", not_after="50m"),
        step("boarding", "T-40m", "boarding at {{gate}}", not_after="40m", priority="decisive"),
        step("landing", "T+{{duration}}", "landed"),
    ],
    moved=notice("now at {{time}}", priority="decisive"),
    changed={"gate": notice("gate is now {{gate}}", priority="decisive")},
    timezone="UTC",
)


@pytest.fixture
def bot() -> Bot:
    """Who writes `fly` is planned for a flight in six hours, whose gate nobody knows yet."""
    bot = Bot()
    departures: list[float] = []  # the first asker's clock sets the timetable

    @bot.text("fly")
    def fly(ctx: Context) -> str:
        departures.append(ctx.now + 6 * HOUR)
        ctx.plan(TOPIC, PLAN, moment=departures[0], facts={"duration": "2h"})
        known = ctx.planned(TOPIC)
        return f"gate {known.facts.get('gate', 'unknown')}"

    @bot.text("late")
    def late(ctx: Context) -> str:
        ctx.move(TOPIC, moment=after(hours=8))
        return "moved"

    @bot.text("stop")
    def stop(ctx: Context) -> str:
        ctx.unsubscribe(TOPIC)
        return "stopped"

    @bot.text("wrong")
    def wrong(ctx: Context) -> str:
        ctx.move(TOPIC, facts={"gate": "x" * 3000})
        return "never said"

    return bot


@pytest.fixture
def stage(url: str, bot: Bot) -> Iterator[Stage]:
    with staged(url, bot) as running:
        yield running


@pytest.fixture
def user(stage: Stage) -> str:
    one = stage.user()
    stage.say(one, "fly")
    return one


def change(stage: Stage, *, hours: float | None = None, tell: bool = True, **facts: str) -> PlanCard:
    """Tell news as the airline's system does; `hours` from now is the new moment."""
    store, now = stage.store(), stage.clock.now()
    moment = None if hours is None else now + hours * HOUR
    news = PlanChange(topic=TOPIC, moment=moment, facts=facts, tell=tell)
    try:
        return store.write(lambda tx: plans.change(tx, "default", news, now))
    finally:
        store.close()


def steps(stage: Stage) -> Mapping[str, str]:
    store = stage.store()
    found = store.read(lambda tx: plans.card(tx, "default", TOPIC))
    store.close()
    assert found is not None
    return {one.step: one.state for one in found.steps}


def goes_on(stage: Stage, hours: float) -> None:
    stage.clock.advance(hours * HOUR + 1)
    stage.until(lambda: stage.rows(
        f"SELECT count(*) FROM publications WHERE state = 'running' AND due_at <= {stage.clock.now()}"
    ) == [(0,)])  # fmt: skip
    settled_followups(stage)


def settled_followups(stage: Stage) -> None:
    stage.until(lambda: set(stage.states()) <= {"sent", "held", "expired", "cancelled", "superseded"})


def test_each_step_goes_out_at_its_time_to_whoever_subscribes(stage: Stage, user: str) -> None:
    change(stage, gate="C23")
    other = stage.user()
    goes_on(stage, 2)
    stage.say(other, "fly")  # too late for the check-in
    for hours in (2.5, 50 / 60, 2 + 40 / 60):
        goes_on(stage, hours)

    whole = ["check in for 14:00", "gate C23", "boarding at C23", "landed"]
    assert stage.shown(user, "custom") == whole
    assert stage.shown(other, "custom") == whole[1:]
    assert stage.ledger()["duplicates"] == 0


def test_what_is_to_come_moves_with_the_moment_and_what_was_sent_stays_sent(stage: Stage, user: str) -> None:
    change(stage, gate="C23")
    goes_on(stage, 2)
    before = stage.shown(user, "custom")
    told = change(stage, hours=5)  # an hour later than it was
    goes_on(stage, 0)
    at_once = stage.shown(user, "custom")[len(before) :]
    goes_on(stage, 2.5)
    nothing_yet = stage.shown(user, "custom")[len(before) + 1 :]
    goes_on(stage, 1)

    assert before == ["check in for 14:00"]
    assert (list(told.told), at_once) == (["moved"], ["now at 15:00"])
    assert nothing_yet == []
    assert stage.shown(user, "custom")[-1] == "gate C23"
    assert steps(stage)["checkin"] == "published"


def test_a_step_that_a_move_puts_into_the_past_goes_out_now_unless_it_is_of_no_use(stage: Stage, user: str) -> None:
    change(stage, gate="C23", tell=False)
    change(stage, hours=0.6, tell=False)  # check-in would be over, the gate was due 54 minutes ago
    goes_on(stage, 0)

    assert stage.shown(user, "custom") == ["boarding at C23"]
    assert steps(stage) == {"checkin": "skipped", "gate": "skipped", "boarding": "published", "landing": "planned"}


def test_a_skipped_step_comes_back_when_its_time_does(stage: Stage, user: str) -> None:
    change(stage, hours=0.6, gate="C23", tell=False)
    assert steps(stage)["checkin"] == "skipped"
    change(stage, hours=9, tell=False)

    assert steps(stage)["checkin"] == "planned"


def test_a_step_waits_for_its_facts_and_goes_out_when_they_come(stage: Stage, user: str) -> None:
    goes_on(stage, 2)
    goes_on(stage, 2.8)
    waiting = steps(stage)["gate"]
    told = change(stage, gate="C23").told
    goes_on(stage, 0)

    assert waiting == "waiting"
    assert list(told) == []  # the gate has not changed: it is told for the first time
    assert stage.shown(user, "custom") == ["check in for 14:00", "gate C23"]


def test_a_changed_fact_is_told_and_stands_in_what_is_to_come(stage: Stage, user: str) -> None:
    change(stage, gate="C23")
    change(stage, gate="C25")
    change(stage, gate="C25")  # no news
    for hours in (0, 2, 2.6, 0.8):
        goes_on(stage, hours)

    assert stage.shown(user, "custom") == ["gate is now C25", "check in for 14:00", "gate C25", "boarding at C25"]


def test_a_moment_that_moves_back_and_forth_is_told_each_time(stage: Stage, user: str) -> None:
    began = stage.clock.now()
    for hours, shown in ((7, "now at 15:00"), (6, "now at 14:00"), (7, "now at 15:00")):
        change(stage, hours=hours - (stage.clock.now() - began) / HOUR)
        stage.until_equal(shown, lambda: (stage.shown(user, "custom") or [""])[-1])
        stage.clock.advance(90)

    assert len(stage.shown(user, "custom")) == 3


def test_a_timetable_does_not_undo_what_the_airline_told(stage: Stage, user: str) -> None:
    change(stage, hours=8, gate="C23", tell=False)
    reply = stage.say(stage.user(), "fly")["reply"]["text"]

    assert reply == "gate C23"
    assert stage.rows("SELECT moment FROM plans") == [(stage.clock.now() + 8 * HOUR,)]


def test_news_may_come_before_anybody_asks(stage: Stage) -> None:
    known = change(stage, hours=8, gate="C23")
    user = stage.user()
    stage.say(user, "fly")
    goes_on(stage, 4)

    assert (known.plan, list(known.steps)) == ("", [])
    assert stage.shown(user, "custom") == ["check in for 16:00"]


def test_a_bot_with_other_texts_changes_what_is_to_come(stage: Stage, user: str) -> None:
    new = Plan(name="flight", steps=[step("checkin", "T-3h", "new words"), step("coffee", "T-1h", "coffee?")])
    store, now = stage.store(), stage.clock.now()
    store.write(lambda tx: plans.change(tx, "default", PlanChange(topic=TOPIC, plan=new, overrides=False), now))
    store.close()
    goes_on(stage, 2)
    assert stage.shown(user, "custom") == []
    goes_on(stage, 3)

    assert stage.shown(user, "custom") == ["new words", "coffee?"]
    assert steps(stage) == {"checkin": "published", "coffee": "published"}


def test_a_handler_can_move_a_plan_and_one_that_cannot_be_sent_changes_nothing(stage: Stage, user: str) -> None:
    stage.say(user, "late")
    moved = stage.rows("SELECT moment FROM plans")
    with pytest.raises(InvalidMessage, match="bytes"):
        change(stage, gate="x" * 3000)

    assert moved == [(stage.clock.now() + 8 * HOUR,)]
    assert stage.rows("SELECT facts FROM plans") == [('{"duration": "2h"}',)]


def test_who_unsubscribes_gets_nothing_more_not_even_what_was_held(stage: Stage, user: str) -> None:
    change(stage, gate="C23")
    store = stage.store()
    store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 0"))
    goes_on(stage, 2)
    assert stage.states() == ["held"]
    store.write(lambda tx: unsubscribe(tx, "default", TOPIC, user, stage.clock.now()))
    goes_on(stage, 8)
    store.close()

    assert stage.states() == ["cancelled"]
    assert stage.shown(user, "custom") == []


def cancel(stage: Stage) -> bool:
    store, now = stage.store(), stage.clock.now()
    try:
        return store.write(lambda tx: plans.cancel(tx, "default", TOPIC, now))
    finally:
        store.close()


def test_a_cancelled_plan_publishes_nothing_more_whoever_asks(stage: Stage, user: str) -> None:
    change(stage, gate="C23")
    assert cancel(stage)
    assert not cancel(stage)
    later = stage.user()
    stage.say(later, "fly")
    change(stage, gate="C25")  # a fact is no reason to fly
    goes_on(stage, 12)

    assert stage.shown(user, "custom") + stage.shown(later, "custom") == []
    assert set(steps(stage).values()) == {"cancelled"}


def test_a_cancelled_plan_calls_back_what_is_held_and_what_waits_to_be_told(stage: Stage, user: str) -> None:
    change(stage, gate="C23")
    store = stage.store()
    store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 0"))
    goes_on(stage, 2)
    change(stage, hours=5)
    goes_on(stage, 0)
    change(stage, hours=6)  # waits a minute
    store.close()
    cancel(stage)
    goes_on(stage, 1)

    assert stage.states() == ["cancelled", "cancelled"]
    assert stage.say(user, "hello")["reply"] is None


def test_a_cancelled_plan_lives_again_with_a_new_moment_and_what_did_not_go_out_does(
    stage: Stage, user: str
) -> None:
    change(stage, gate="C23")
    store = stage.store()
    store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 0"))
    goes_on(stage, 2)
    cancel(stage)
    change(stage, hours=8, tell=False)
    store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 5, message_until = 1900000000"))
    store.close()
    again = steps(stage)
    for hours in (4, 2.5, 50 / 60):
        goes_on(stage, hours)

    assert again == dict.fromkeys(("checkin", "gate", "boarding", "landing"), "planned")
    assert stage.shown(user, "custom") == ["check in for 18:00", "gate C23", "boarding at C23"]


def test_a_call_that_was_called_back_is_made_again_at_its_new_time_also_to_who_came_since(
    stage: Stage, user: str
) -> None:
    had_it, store = stage.user(), stage.store()
    stage.say(had_it, "fly")
    store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 0 WHERE openid = :openid", openid=user))
    change(stage, gate="C23", hours=0.6, tell=False)
    goes_on(stage, 0)
    assert sorted(stage.states()) == ["held", "sent"]
    change(stage, hours=10, tell=False)
    late = stage.user()
    stage.say(late, "fly")
    stage.say(user, "hello")
    for hours in (6, 2.5, 50 / 60):
        goes_on(stage, hours)
    store.close()

    calls = [stage.shown(one, "custom").count("boarding at C23") for one in (user, had_it, late)]
    assert calls == [1, 1, 1]
    assert stage.shown(user, "custom")[-1] == stage.shown(late, "custom")[-1] == "boarding at C23"
    assert stage.shown(had_it, "custom")[0] == "boarding at C23"


def test_a_call_that_is_made_again_replaces_no_news_of_who_has_had_it(stage: Stage, user: str) -> None:
    change(stage, gate="C23", hours=0.9, tell=False)  # the gate goes out now
    goes_on(stage, 0)
    assert stage.shown(user, "custom") == ["gate C23"]
    store = stage.store()
    store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 0"))
    change(stage, hours=2, tell=False)
    change(stage, gate="C25")
    goes_on(stage, 0.6)  # the gate's new time
    store.close()

    assert stage.states() == ["sent", "held"]
    assert stage.say(user, "hello")["reply"]["text"] == "gate is now C25"


def test_moves_within_a_minute_are_told_once_at_first_and_once_for_the_last(stage: Stage, user: str) -> None:
    change(stage, hours=7)
    stage.until_equal(["now at 15:00"], lambda: stage.shown(user, "custom"))
    for hours in (8, 9, 10):
        stage.clock.advance(1)
        change(stage, hours=hours)
    began = stage.clock.now() - 3
    waiting = "SELECT due_at FROM publications WHERE step = 'moved' ORDER BY id"
    assert stage.rows(waiting) == [(began,), (began + 60,)]
    goes_on(stage, 1 / 60)

    assert stage.shown(user, "custom") == ["now at 15:00", "now at 18:00"]


def test_a_move_that_comes_back_to_what_was_told_is_not_told(stage: Stage, user: str) -> None:
    began = stage.clock.now()
    change(stage, hours=7)
    stage.until_equal(["now at 15:00"], lambda: stage.shown(user, "custom"))
    change(stage, hours=8)
    stage.clock.advance(20)
    told = change(stage, hours=7 - (stage.clock.now() - began) / HOUR).told
    goes_on(stage, 0.1)

    assert list(told) == []
    assert stage.shown(user, "custom") == ["now at 15:00"]


def test_news_that_is_held_is_taken_back_when_it_is_again_as_its_user_knows_it(stage: Stage, user: str) -> None:
    change(stage, gate="C23")
    closed, store = stage.user(), stage.store()
    stage.say(closed, "fly")
    store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 0 WHERE openid = :one", one=closed))
    for gate in ("C25", "C23"):
        change(stage, gate=gate)
        goes_on(stage, 0.1)
    store.close()

    assert stage.shown(user, "custom") == ["gate is now C25", "gate is now C23"]
    assert sorted(stage.states()) == ["sent", "sent", "superseded"]
    assert stage.say(closed, "hello")["reply"] is None


def test_a_silent_move_makes_the_notice_that_waits_true(stage: Stage, user: str) -> None:
    change(stage, hours=7)
    stage.until_equal(["now at 15:00"], lambda: stage.shown(user, "custom"))
    change(stage, hours=8)
    change(stage, hours=9, tell=False)
    goes_on(stage, 0.1)

    assert stage.shown(user, "custom") == ["now at 15:00", "now at 17:00"]


def test_a_moment_that_moves_within_its_minute_is_no_news(stage: Stage, user: str) -> None:
    assert list(change(stage, hours=6 + 30 / 3600).told) == []


def test_the_last_message_is_kept_for_the_boarding_that_is_planned(url: str, bot: Bot) -> None:
    with staged(url, bot, keep=0) as stage:
        user = stage.user()
        stage.say(user, "fly")
        change(stage, gate="C23")
        store = stage.store()
        store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 1"))
        store.close()
        goes_on(stage, 2)
        assert stage.shown(user, "custom") == []
        goes_on(stage, 3.5)

        assert stage.shown(user, "custom") == ["boarding at C23"]


def test_news_replaces_a_step_that_waits_with_the_old_fact_but_no_decisive_one(stage: Stage, user: str) -> None:
    change(stage, gate="C23")
    store = stage.store()
    for hours in (2, 2.6, 0.8):
        store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 0"))
        goes_on(stage, hours)
    store.close()
    change(stage, gate="C25")
    goes_on(stage, 0)
    reply = stage.say(user, "hello")["reply"]["text"]

    assert sorted(stage.states()) == ["expired", "sent", "sent", "superseded"]
    assert reply.split("\n\n") == ["boarding at C23", "gate is now C25"]


def test_a_call_that_is_held_is_not_told_when_the_plan_has_moved_away(stage: Stage, user: str) -> None:
    change(stage, hours=0.6, gate="C23", tell=False)
    store = stage.store()
    store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 0"))
    store.close()
    goes_on(stage, 0)
    assert stage.states() == ["held"]
    change(stage, hours=10, tell=False)

    assert stage.states() == ["cancelled"]
    assert stage.say(user, "hello")["reply"] is None


def test_who_leaves_a_topic_does_not_get_what_was_held_of_it_on_the_way_out(stage: Stage, user: str) -> None:
    change(stage, gate="C23")
    store = stage.store()
    store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 0"))
    store.close()
    goes_on(stage, 2)
    assert stage.states() == ["held"]

    assert stage.say(user, "stop")["reply"]["text"] == "stopped"
    assert stage.states() == ["cancelled"]


def test_nothing_is_kept_once_the_moment_has_passed(url: str, bot: Bot) -> None:
    with staged(url, bot, keep=1) as stage:
        user = stage.user()
        stage.say(user, "fly")
        store = stage.store()
        store.write(lambda tx: tx.change("UPDATE contacts SET message_left = 1"))
        goes_on(stage, 2)
        assert stage.states() == ["held"]
        change(stage, hours=0.01, tell=False)
        store.write(lambda tx: tx.change("DELETE FROM followups"))
        goes_on(stage, 2.01)
        store.close()

        assert stage.shown(user, "custom") == ["landed"]


def test_the_flight_bot_tells_the_airlines_news(url: str) -> None:
    with staged(url, flight.bot) as stage:
        user = stage.user()
        stage.say(user, "CA1501")
        [(topic, moment)] = stage.rows("SELECT topic, moment FROM plans")
        store, now = stage.store(), stage.clock.now()
        news = PlanChange(topic=topic, moment=moment + HOUR, facts={"gate": "C25"})
        store.write(lambda tx: plans.change(tx, "default", news, now))
        store.close()
        stage.until(lambda: len(stage.shown(user, "custom")) == 2)
        again = stage.say(user, "CA1501")["reply"]["text"]

        assert sorted(stage.shown(user, "custom"))[1] == "CA1501 登机口改为 C25。"
        assert "15:05 起飞" in again
