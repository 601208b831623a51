"""The push API's contacts: who may be written to, how often, and until when."""

from dataclasses import asdict

from wxbot.delivery.explain_user import explain_contact
from wxbot.protocol.window import is_unlimited
from wxbot.store import contacts, gates
from wxbot.store.contacts import Contact
from wxbot.store.engine import Transaction
from wxbot.web.api_answers import ContactCard, ContactGrant, ContactsPage, ContactStory, WaitingCard
from wxbot.web.api_call import Answer, Call, Operation, answer, openid_of, query_of
from wxbot.web.api_models import PageQuery
from wxbot.web.problems import Problem


def list_contacts(call: Call) -> Answer:
    """List contacts by openid, one page a call."""
    wanted = query_of(call, PageQuery)

    def work(tx: Transaction) -> Answer:
        found = contacts.page(tx, call.account, wanted.cursor, wanted.limit + 1)
        rests = bool(gates.closed(tx, call.account, call.now))
        shown = found[: wanted.limit]
        more = shown[-1].openid if len(found) > wanted.limit else None
        cards = [_card(one, call.now, rests=rests) for one in shown]
        return answer(200, ContactsPage(contacts=cards, next_cursor=more))

    return call.store.read(work)


def show_contact(call: Call) -> Answer:
    """Show one contact."""
    openid = openid_of(call)

    def work(tx: Transaction) -> Answer:
        found = contacts.show(tx, call.account, openid)
        if found is None:
            raise Problem(404, "nobody with this openid has ever written to the account")
        rests = bool(gates.closed(tx, call.account, call.now))
        told = explain_contact(tx, call.account, found, call.now)
        story = ContactStory(
            **dict(_card(found, call.now, rests=rests)),
            now_zh=told.now_zh,
            now_en=told.now_en,
            waiting=[WaitingCard(**asdict(one)) for one in told.waiting],
            topics=list(told.topics),
        )
        return answer(200, story)

    return call.store.read(work)


def _card(one: Contact, now: float, *, rests: bool) -> ContactCard:
    """Return a contact for callers; `rests` while the platform holds the whole account back."""
    usable = one.open_grants(now)
    return ContactCard(
        openid=one.openid,
        first_at=one.first_at,
        last_at=one.last_at,
        subscribed=one.subscribed,
        reachable_now=bool(usable) and not rests,
        left=count(sum(grant.left for grant in usable)),
        until=max((grant.expires_at for grant in usable), default=None),
        grants=[
            ContactGrant(
                kind=grant.kind,
                left=count(grant.left),
                expires_at=grant.expires_at,
                is_open=grant in usable,
            )
            for grant in one.grants
            if grant.expires_at
        ],
        refused=one.refused,
        remark=one.remark,
        tags=list(one.tags),
        agent=one.agent,
    )


def count(left: int) -> int | None:
    """Return a count for callers; the 48h rule's, from which each message takes one, is no count."""
    return None if is_unlimited(left) else left


OPERATIONS = (
    Operation(
        name="list_contacts",
        method="GET",
        path="/contacts",
        scope="read",
        about="The users who ever wrote, and what may still be sent to each.",
        handle=list_contacts,
        status=200,
        answer=ContactsPage,
        query=PageQuery,
    ),
    Operation(
        name="show_contact",
        method="GET",
        path="/contacts/{openid}",
        scope="read",
        about="What may still be sent to one user and until when, what waits for them and why.",
        handle=show_contact,
        status=200,
        answer=ContactStory,
    ),
)
