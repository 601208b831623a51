"""The push API's topics: who subscribes, and one message for all of them."""

from collections.abc import Callable
from dataclasses import asdict

from wxbot.delivery import queue
from wxbot.delivery.fanout import publish_within
from wxbot.errors import NotFound
from wxbot.store import contacts, topics
from wxbot.store.engine import Transaction
from wxbot.web.api_answers import (
    Published,
    Subscribed,
    SubscriberCard,
    SubscribersPage,
    TopicCard,
    TopicsPage,
    Unsubscribed,
)
from wxbot.web.api_call import Answer, Call, Operation, answer, body_of, once, openid_of, query_of, topic_of
from wxbot.web.api_models import NewPublication, NewSubscribers, PageQuery
from wxbot.web.problems import FieldError, Problem, at_field


def publish(call: Call) -> Answer:
    """Store a message for all subscribers of a topic."""
    return once(call, lambda: _publishing(call, topic_of(call), body_of(call, NewPublication)))


def _publishing(call: Call, topic: str, wanted: NewPublication) -> Callable[[Transaction], Answer]:
    new = wanted.follow_up(call.now)

    def work(tx: Transaction) -> Answer:
        try:
            done = publish_within(tx, call.account, topic, new, key=wanted.key, now=call.now)
        except NotFound:
            raise _unknown_topic() from None
        return answer(202, Published(id=done.id, topic=topic, is_new=done.is_new))

    return work


def subscribe(call: Call) -> Answer:
    """Subscribe users to a topic: all of them, or none when one does not follow the account."""
    return once(call, lambda: _subscribing(call, topic_of(call), body_of(call, NewSubscribers).openids))


def _subscribing(call: Call, topic: str, openids: list[str]) -> Callable[[Transaction], Answer]:
    def work(tx: Transaction) -> Answer:
        strange = [n for n, openid in enumerate(openids) if not _follows(tx, call.account, openid)]
        if strange:
            why = "nobody with this openid follows the account"
            raise Problem(
                404,
                f"{len(strange)} of {len(openids)} openids: {why}",
                [FieldError(field=f"openids.{n}", message=why) for n in strange],
            )
        new = topics.subscribe_all(tx, call.account, topic, openids, call.now)
        return answer(200, Subscribed(topic=topic, new=new))

    return work


def _follows(tx: Transaction, account: str, openid: str) -> bool:
    found = contacts.show(tx, account, openid)
    return found is not None and found.subscribed


def unsubscribe(call: Call) -> Answer:
    """End a user's subscription and cancel what waits because of it; one that is not there changes nothing."""
    topic, openid = topic_of(call), openid_of(call)

    def work(tx: Transaction) -> Answer:
        _known(tx, call, topic)
        was = queue.unsubscribe(tx, call.account, topic, openid, call.now)
        return answer(200, Unsubscribed(topic=topic, openid=openid, was_subscribed=was))

    return call.store.write(work)


def list_topics(call: Call) -> Answer:
    """List topics by name, one page a call."""
    wanted = query_of(call, PageQuery)
    found = call.store.read(lambda tx: topics.page(tx, call.account, wanted.cursor, wanted.limit + 1))
    shown = [TopicCard(**asdict(one)) for one in found[: wanted.limit]]
    more = shown[-1].topic if len(found) > wanted.limit else None
    return answer(200, TopicsPage(topics=shown, next_cursor=more))


def list_subscribers(call: Call) -> Answer:
    """List a topic's subscribers by openid, one page a call."""
    topic, wanted = topic_of(call), query_of(call, PageQuery)

    def work(tx: Transaction) -> Answer:
        _known(tx, call, topic)
        found = topics.subscribers(tx, call.account, topic, limit=wanted.limit + 1, after=wanted.cursor)
        shown = [SubscriberCard(**asdict(one)) for one in found[: wanted.limit]]
        more = shown[-1].openid if len(found) > wanted.limit else None
        return answer(200, SubscribersPage(subscribers=shown, next_cursor=more))

    return call.store.read(work)


def _known(tx: Transaction, call: Call, topic: str) -> None:
    if not topics.is_known(tx, call.account, topic):
        raise _unknown_topic()


def _unknown_topic() -> Problem:
    return at_field(404, "topic", "nobody ever subscribed to a topic of this name")


OPERATIONS = (
    Operation(
        name="list_topics",
        method="GET",
        path="/topics",
        scope="read",
        about="The topics that anybody ever subscribed to, and how many subscribe now.",
        handle=list_topics,
        status=200,
        answer=TopicsPage,
        query=PageQuery,
    ),
    Operation(
        name="list_subscribers",
        method="GET",
        path="/topics/{topic}/subscribers",
        scope="read",
        about="Who subscribes to a topic, and since when.",
        handle=list_subscribers,
        status=200,
        answer=SubscribersPage,
        query=PageQuery,
    ),
    Operation(
        name="subscribe",
        method="POST",
        path="/topics/{topic}/subscribers",
        scope="subscribe",
        about="Subscribe users who follow the account: all of them, or none when one does not.",
        handle=subscribe,
        status=200,
        answer=Subscribed,
        body=NewSubscribers,
    ),
    Operation(
        name="unsubscribe",
        method="DELETE",
        path="/topics/{topic}/subscribers/{openid}",
        scope="subscribe",
        about="End a user's subscription and cancel what waits because of it; none there changes nothing.",
        handle=unsubscribe,
        status=200,
        answer=Unsubscribed,
    ),
    Operation(
        name="publish",
        method="POST",
        path="/topics/{topic}/publish",
        scope="publish",
        about="Send a message to all who subscribe to a topic when it is due, once for each key.",
        handle=publish,
        status=202,
        answer=Published,
        body=NewPublication,
    ),
)
