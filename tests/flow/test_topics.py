"""Topics over real HTTP: a handler subscribes, a publication reaches everyone once."""

import json
from collections.abc import Iterator

import pytest

from flow.conftest import Slow
from flow.stage import Stage, senders, staged
from flow.test_commands import run
from wxbot.delivery.fanout import Published, publish
from wxbot.errors import InvalidMessage, NotFound
from wxbot.examples import flight
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context

GATE = "登机口改为 C25"


@pytest.fixture
def bot(slow: Slow) -> Bot:
    bot = Bot()

    @bot.text(r"join (?P<topic>.+)")
    def join(topic: str, ctx: Context) -> str:
        ctx.subscribe(topic)
        return "joined"

    @bot.text(r"leave (?P<topic>.+)")
    def leave(topic: str, ctx: Context) -> str:
        ctx.unsubscribe(topic)
        return "left"

    @bot.text("slow join")
    def slow_join(ctx: Context) -> str:
        slow.work()
        ctx.subscribe("news")
        return "joined"

    @bot.text("join and fail")
    def fail(ctx: Context) -> str:
        ctx.subscribe("news")
        raise RuntimeError("a bug in a handler")

    return bot


@pytest.fixture
def stage(url: str, bot: Bot) -> Iterator[Stage]:
    with staged(url, bot) as running:
        yield running


def subscribers(stage: Stage, count: int, topic: str = "news") -> list[str]:
    users = [stage.user() for _ in range(count)]
    for user in users:
        stage.say(user, f"join {topic}")
    return users


def put(stage: Stage, text: str = GATE, *, topic: str = "news", key: str = "k", **options: object) -> Published:
    store, now = stage.store(), stage.clock.now()
    wait = float(options.pop("wait", 0))  # type: ignore[arg-type]
    new = FollowUp(message=message_json(Text(text)), due_at=now + wait, **options)  # type: ignore[arg-type]
    try:
        return publish(store, "default", topic, new, key=key, now=now)
    finally:
        store.close()


def settled(stage: Stage) -> None:
    """Wait until nothing is left to do."""
    stage.until(lambda: stage.rows("SELECT count(*) FROM publications WHERE state = 'running'") == [(0,)])
    stage.until(lambda: set(stage.states()) <= {"sent", "held"})


def test_a_publication_reaches_every_subscriber_once_and_nobody_else(stage: Stage) -> None:
    users, other = subscribers(stage, 3), subscribers(stage, 1, "weather")
    assert put(stage).is_new
    settled(stage)

    assert [stage.shown(user, "custom") for user in users] == [[GATE]] * 3
    assert stage.shown(other[0], "custom") == []
    assert stage.ledger()["duplicates"] == 0


def test_a_second_publication_with_the_same_key_sends_nothing(stage: Stage) -> None:
    [user] = subscribers(stage, 1)
    first = put(stage)
    settled(stage)

    assert put(stage, "another text") == Published(first.id, is_new=False)
    assert put(stage, "another key", key="k2").is_new
    settled(stage)
    assert stage.shown(user, "custom") == [GATE, "another key"]


def test_a_cursor_set_back_by_hand_makes_no_second_follow_up(stage: Stage) -> None:
    [user] = subscribers(stage, 1)
    put(stage)
    settled(stage)
    store = stage.store()
    store.write(lambda tx: tx.change("UPDATE publications SET state = 'running', cursor = ''"))
    store.close()
    settled(stage)

    assert stage.shown(user, "custom") == [GATE]
    assert stage.rows("SELECT total FROM publications") == [(1,)]


def test_an_answer_does_not_wait_behind_a_publication(url: str, bot: Bot, slow: Slow) -> None:
    with staged(url, bot, rate=10) as stage:
        subscribers(stage, 30)
        put(stage)
        stage.until(lambda: "sent" in stage.states())
        user = stage.user()
        stage.say(user, "slow join")
        slow.go.set()
        stage.until_equal(["joined"], lambda: stage.shown(user, "custom"))

        assert stage.states().count("queued") > 10


def test_who_unsubscribed_or_unfollowed_gets_nothing_more(stage: Stage) -> None:
    stayed, left, gone = subscribers(stage, 3)
    stage.say(left, "leave news")
    stage.act(gone, "unsubscribe")
    stage.act(gone, "subscribe")
    put(stage)
    settled(stage)

    assert [stage.shown(user, "custom") for user in (stayed, left, gone)] == [[GATE], [], []]


def test_a_publication_for_later_goes_to_who_subscribes_then(stage: Stage) -> None:
    stayed, left = subscribers(stage, 2)
    put(stage, wait=60)
    stage.say(left, "leave news")
    [came] = subscribers(stage, 1)
    assert stage.states() == []
    stage.clock.advance(61)
    settled(stage)

    assert [stage.shown(user, "custom") for user in (stayed, left, came)] == [[GATE], [], [GATE]]


def test_a_publication_for_a_moment_that_has_passed_is_due_now(stage: Stage) -> None:
    [user] = subscribers(stage, 1)
    put(stage, wait=-3600)
    settled(stage)

    assert stage.shown(user, "custom") == [GATE]


def test_who_subscribes_after_it_was_due_does_not_get_it(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as stage:
        [early] = subscribers(stage, 1)
        put(stage)
        stage.clock.advance(1)
        [late] = subscribers(stage, 1)
        with senders(stage.settings, stage.clock, 2):
            settled(stage)

        assert (stage.shown(early, "custom"), stage.shown(late, "custom")) == ([GATE], [])


def test_a_publication_keeps_to_the_window_and_its_options(stage: Stage) -> None:
    [user] = subscribers(stage, 1)
    stage.clock.advance(3 * 86_400)
    put(stage, on_closed="drop")
    put(stage, key="hold", not_after=stage.clock.now() + 600, priority="decisive", on_doubt="park", coalesce="gate")
    stage.until_equal({"expired", "held"}, lambda: set(stage.states()))

    kept = "SELECT lane, origin, not_after - due_at, priority, on_doubt, coalesce FROM followups"
    assert stage.rows(f"{kept} JOIN lanes ON lanes.id = lane_id WHERE state = 'held'") == [
        ("decisive", "publication", 600, "decisive", "park", "gate")
    ]
    assert stage.shown(user, "custom") == []


def test_a_late_answer_subscribes_too_and_a_failing_one_does_not(stage: Stage, slow: Slow) -> None:
    late, failing, gone = stage.user(), stage.user(), stage.user()
    for user, text in ((late, "slow join"), (failing, "join and fail"), (gone, "slow join")):
        stage.say(user, text)
    stage.act(gone, "unsubscribe")
    slow.go.set()
    stage.until(lambda: stage.rows("SELECT count(*) FROM pushes WHERE state = 'handed_off'") == [(0,)])

    assert stage.rows("SELECT openid FROM subscriptions") == [(late,)]


@pytest.mark.parametrize("topic", ["", "a b", "a/b", "x" * 129, "news\n", "😀", "²", "..", "-"])
def test_a_topic_with_such_a_name_is_refused(stage: Stage, topic: str) -> None:
    with pytest.raises(InvalidMessage, match="topic"):
        put(stage, topic=topic)
    with pytest.raises(InvalidMessage, match="topic"):
        Context("default", "oUser", 0.0, lambda: "{}").subscribe(topic)


@pytest.mark.parametrize("topic", ["flight:CA1501:2026-11-25", "天气.上海_浦东-1", "x" * 128])
def test_a_topic_with_such_a_name_works(stage: Stage, topic: str) -> None:
    [user] = subscribers(stage, 1, topic)
    put(stage, topic=topic)
    settled(stage)

    assert stage.shown(user, "custom") == [GATE]


def test_what_can_reach_nobody_is_refused_and_not_stored(stage: Stage) -> None:
    [user] = subscribers(stage, 1)
    with pytest.raises(NotFound, match="nobody ever subscribed"):
        put(stage, topic="nwes")
    with pytest.raises(InvalidMessage, match="has passed"):
        put(stage, wait=-10, not_after=stage.clock.now() - 5)
    with pytest.raises(InvalidMessage, match="needs a key"):
        put(stage, key="")
    with pytest.raises(InvalidMessage, match="cannot be stored"):
        put(stage, key="a\x00b")
    assert stage.rows("SELECT count(*) FROM publications") == [(0,)]

    stage.say(user, "leave news")
    assert put(stage).is_new


def test_publish_and_topics_on_the_command_line(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as stage:
        [user] = subscribers(stage, 1)
        published = json.loads(run(stage, "publish", "news", GATE, "--key", "k", "--json").stdout)
        again = run(stage, "publish", "news", GATE, "--key", "k", "--at", "+2h")
        [listed] = json.loads(run(stage, "topics", "--json").stdout)
        [subscriber] = json.loads(run(stage, "topics", "news", "--json").stdout)

        assert published == {"id": 1, "is_new": True}
        assert "nothing new" in again.stdout
        assert (listed["topic"], listed["subscribers"]) == ("news", 1)
        assert subscriber == {"openid": user, "since": stage.clock.now()}
        assert "news" in run(stage, "topics").stdout
        assert user in run(stage, "topics", "news").stdout
        for arguments in (["topics", "nwes"], ["publish", "nwes", GATE, "--key", "k"]):
            done = run(stage, *arguments)
            assert (done.returncode, "nobody ever subscribed" in done.stderr) == (1, True)


def test_the_flight_bot_subscribes_who_asks_and_lets_them_go(url: str) -> None:
    with staged(url, flight.bot, sending=False) as stage:
        user = stage.user()
        stage.say(user, "ca1501")
        [(joined,)] = stage.rows("SELECT topic FROM subscriptions")
        stage.clock.advance(23 * 3600)  # that flight is in the air
        stage.say(user, "CA1501")
        assert stage.rows("SELECT count(*) FROM subscriptions") == [(2,)]
        answers = [stage.say(user, text)["reply"]["text"] for text in ("退订 ZZ999", "退订ca1501")]

        assert joined == "flight:CA1501:2027-01-16"
        assert "没有查到 ZZ999" in answers[0]
        assert "已退订 CA1501" in answers[1]
        assert stage.rows("SELECT topic FROM subscriptions") == []


def test_who_cannot_be_reached_has_it_held_at_once_and_gets_it_on_return(url: str, bot: Bot) -> None:
    with staged(url, bot) as stage:
        [gone] = subscribers(stage, 1)
        stage.clock.advance(3 * 86_400)
        [here] = subscribers(stage, 1)
        put(stage)
        put(stage, key="drop", on_closed="drop")
        stage.until_equal(["expired", "held", "sent", "sent"], lambda: sorted(stage.states()))
        [(history,)] = stage.rows("SELECT history FROM followups WHERE state = 'held'")
        reply = stage.say(gone, "join other")["reply"]["text"]

        assert [json.loads(line)["state"] for line in history.splitlines()] == ["queued", "held"]
        assert reply == f"{GATE}\n\njoined"
        assert stage.shown(here, "custom") == [GATE, GATE]


def test_publications_of_one_moment_and_of_one_span_go_out_as_one(url: str, bot: Bot) -> None:
    with staged(url, bot, join=60, keep=0) as stage:
        [user] = subscribers(stage, 1)
        for number, wait in enumerate((0, 0, 30, 61)):
            put(stage, f"news {number}", key=str(number), wait=wait)

        def shown_later() -> list[str]:
            stage.clock.advance(0.5)
            return stage.shown(user, "custom")

        stage.until(lambda: len(shown_later()) == 1)
        stage.until(lambda: len(shown_later()) == 2)

        assert stage.shown(user, "custom") == ["news 0\nnews 1\nnews 2", "news 3"]
