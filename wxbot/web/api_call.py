"""One call of the push API: what it may ask for, what it brings, and how a POST has its effects once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from wxbot.errors import InvalidMessage, StoreError
from wxbot.protocol.topic import MAX_TOPIC, check_topic
from wxbot.store import idempotency
from wxbot.store.apikeys import Scope
from wxbot.store.engine import Store, Transaction
from wxbot.store.idempotency import Slot
from wxbot.web.problems import at_field, of_validation

M = TypeVar("M", bound=BaseModel)
OPENID = r"[A-Za-z0-9_-]{1,64}"
LONGEST_KEY = 255  # characters of an Idempotency-Key


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the exact bytes of a JSON document."""

    status: int
    body: bytes
    is_replay: bool = False


def answer(status: int, document: BaseModel) -> Answer:
    """Return a document as an answer."""
    return Answer(status, document.model_dump_json().encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An authorised request. `place` holds what the path names beside the account; `now` is Unix seconds."""

    store: Store
    now: float
    account: str
    apikey: str
    method: str
    path: str
    place: Mapping[str, Any]
    query: Mapping[str, list[str]]
    body: bytes
    idempotency_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing a caller can ask for. `path` begins after the account; braces name its parameters.

    The body is JSON as `body` says, or with `takes_file` any bytes. `refuses` are statuses that only this
    operation answers, and why.
    """

    name: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    scope: Scope
    about: str
    handle: Callable[[Call], Answer]
    status: int
    answer: type[BaseModel]
    body: type[BaseModel] | None = None
    takes_file: bool = False
    query: type[BaseModel] | None = None
    refuses: Mapping[int, str] = field(default_factory=dict)


def body_of(call: Call, model: type[M]) -> M:
    """Return the body as a model; raises Problem with every mistake."""
    try:
        return model.model_validate_json(call.body, context={"now": call.now})
    except ValidationError as exc:
        raise of_validation(exc) from None


def openid_of(call: Call) -> str:
    """Return the openid in the path; raises Problem for what can be none: PostgreSQL takes no NUL."""
    openid = str(call.place["openid"])
    if not re.fullmatch(OPENID, openid):
        raise at_field(404, "openid", "an openid has 1 to 64 of A-Z, a-z, 0-9, _ and -")
    return openid


def topic_of(call: Call) -> str:
    """Return the topic in the path; raises Problem for a name that cannot be one."""
    try:
        return check_topic(call.place["topic"])
    except InvalidMessage:
        why = f"a topic is 1 to {MAX_TOPIC} letters, digits and : . _ - with a letter or digit among them"
        raise at_field(422, "topic", why) from None


def query_of(call: Call, model: type[M]) -> M:
    """Return the query as a model; raises Problem, also for a parameter given twice."""
    try:
        return model.model_validate(
            {name: each[0] if len(each) == 1 else each for name, each in call.query.items()}
        )
    except ValidationError as exc:
        raise of_validation(exc) from None


def once(call: Call, prepare: Callable[[], Callable[[Transaction], Answer]]) -> Answer:
    """Do a piece of work, and under one Idempotency-Key only once: later calls get the first answer.

    The answer is kept in the work's own transaction. It is looked for before `prepare` checks the
    request, since a request that was good when it was made may be too late when it is repeated.
    Raises Problem when another request had used the key, or whatever `prepare` and the work raise.
    """
    slot = _slot(call)
    if slot is None:
        return call.store.write(prepare())
    first = call.store.read(lambda tx: _replay(tx, slot))
    if first:
        return first
    work = prepare()

    def keyed(tx: Transaction) -> Answer:
        if not idempotency.take(tx, slot, call.now):  # a call beside this one was faster
            return _replay(tx, slot) or _vanished()
        done = work(tx)
        idempotency.fill(tx, slot, done.status, done.body)
        return done

    return call.store.write(keyed)


def _slot(call: Call) -> Slot | None:
    key = call.idempotency_key
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise at_field(422, "Idempotency-Key", f"this must be 1 to {LONGEST_KEY} printable ASCII characters")
    digest = sha256(f"{call.method} {call.path}\n".encode() + call.body).digest()
    return Slot(call.account, call.apikey, key, digest)


def _replay(tx: Transaction, slot: Slot) -> Answer | None:
    first = idempotency.find(tx, slot)
    if first is None:
        return None
    if not first.is_same:
        raise at_field(422, "Idempotency-Key", "another request has used this key: take a new one")
    return Answer(first.status, first.answer, is_replay=True)


def _vanished() -> Answer:
    raise StoreError("an Idempotency-Key was taken and then forgotten within one transaction")
