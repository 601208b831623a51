"""Plans as they are kept: for each topic a moment, the facts, and the plan itself as JSON.

The steps that are to come are publications (`publications.steps`); both change in one transaction.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from wxbot.store.engine import Transaction

_READ = "SELECT moment, facts, plan FROM plans WHERE account = :account AND topic = :topic"
_BEGIN = """
INSERT INTO plans (account, topic, facts, plan, changed_at) VALUES (:account, :topic, '{}', '', :now)
ON CONFLICT (account, topic) DO NOTHING"""
_KEEP = """
UPDATE plans SET moment = :moment, facts = :facts, plan = :plan, changed_at = :now
WHERE account = :account AND topic = :topic"""
_OVER = """
SELECT count(*), count(CASE WHEN p.plan <> '' AND p.moment <= :now THEN 1 END)
FROM subscriptions AS s LEFT JOIN plans AS p ON p.account = s.account AND p.topic = s.topic
WHERE s.account = :account AND s.openid = :openid"""
_CANCELLED = "cancelled "  # stands before the plan of a topic whose plan was cancelled
_FORGET = "DELETE FROM plans WHERE account = :account AND topic = :topic"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a topic: `moment` in Unix seconds, None while unknown; `plan` "" while there is none."""

    moment: float | None
    facts: Mapping[str, str]
    plan: str
    is_cancelled: bool = False


def read(tx: Transaction, account: str, topic: str) -> Kept | None:
    """Return what is known of a topic, None when nothing is."""
    row = tx.row(_READ, account=account, topic=topic)
    return _kept(*row) if row else None


def _kept(moment: float | None, facts: str, plan: str) -> Kept:
    return Kept(moment, json.loads(facts), plan.removeprefix(_CANCELLED), plan.startswith(_CANCELLED))


def hold(tx: Transaction, account: str, topic: str, now: float) -> Kept:
    """Return what is known of a topic, and let nobody else change it before this transaction ends."""
    tx.change(_BEGIN, account=account, topic=topic, now=now)
    lock = " FOR UPDATE" if tx.postgresql else ""
    return _kept(*tx.rows(_READ + lock, account=account, topic=topic)[0])


def keep(tx: Transaction, account: str, topic: str, kept: Kept, now: float) -> None:
    """Replace what is known of a topic that this transaction holds."""
    facts = json.dumps(dict(kept.facts), ensure_ascii=False, sort_keys=True)
    plan = _CANCELLED + kept.plan if kept.is_cancelled else kept.plan
    tx.change(_KEEP, account=account, topic=topic, moment=kept.moment, facts=facts, plan=plan, now=now)


def forget(tx: Transaction, account: str, topic: str) -> bool:
    """Delete a topic's plan; False when there was none. Its steps are for the caller to cancel."""
    return tx.change(_FORGET, account=account, topic=topic) == 1


def are_over(tx: Transaction, account: str, openid: str, now: float) -> bool:
    """Return whether each topic that a user subscribes to has a plan whose moment has passed; False for none."""
    topics, over = tx.rows(_OVER, account=account, openid=openid, now=now)[0]
    return bool(topics) and topics == over
