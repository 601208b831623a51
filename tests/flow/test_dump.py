"""People into a file and out of it, to another store, over kills and mistakes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wxbot.errors import WxbotError
from wxbot.people.dumping import dump
from wxbot.people.loading import load
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.protocol.window import UNLIMITED
from wxbot.store import contacts, outbox, records, topics
from wxbot.store.engine import Store
from wxbot.store.migrate import migrate
from wxbot.store.records import ContactRecord

NOW = 1_800_000_000.0
DAY = 86_400


def person(openid: str, **more: Any) -> ContactRecord:
    known = {"first_at": NOW - 9, "last_at": NOW - 5, "subscribed": True, "message_left": 4}
    window = {"message_until": int(NOW) + DAY, "action_left": 0, "action_until": 0}
    return ContactRecord(**{"openid": openid, **known, **window, "remark": "", "tags": [], "unionid": "", **more})


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    one = Store(url)
    yield one
    one.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    migrate(url)
    one = Store(url)
    yield one
    one.close()


def fill(store: Store, *people: ContactRecord, account: str = "default") -> None:
    store.write(lambda tx: records.merge_contacts(tx, account, people))


def all_of(store: Store, account: str = "default") -> list[Any]:
    def read(tx: Any) -> list[Any]:
        return [
            *records.contacts_after(tx, account, "", 10_000),
            *records.subscriptions_after(tx, account, None, 10_000),
        ]

    return store.read(read)


def silent(done: int, total: int) -> None:
    """Tell nobody."""


def dumped(store: Store, to: Path) -> list[dict[str, Any]]:
    dump(store, "default", to, NOW, silent)
    return [json.loads(line) for line in to.read_text("utf-8").splitlines()]


def lines(tmp_path: Path, *lines: Any) -> Path:
    head = {"wxbot": "people", "version": 1, "account": "default", "dumped_at": NOW}
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [head, *lines]), "utf-8")
    return path


CONTACT = {"contact": "oAnn", "first_at": 1.0, "last_at": 2.0}


def test_all_of_an_account_goes_from_one_store_into_another(store: Store, other: Store, tmp_path: Path) -> None:
    fill(
        store,
        person("oAnn", remark="安 <1>", tags=[2, 100], unionid="u"),
        person("oBob", message_left=UNLIMITED, action_left=2, action_until=int(NOW) + 50),
        person("oGone", subscribed=False, message_left=0),
    )
    fill(store, person("oElsewhere"), account="second")
    for topic in ("weather:上海", "flight:CA1501"):
        store.write(lambda tx, topic=topic: topics.subscribe(tx, "default", topic, "oAnn", NOW - 3))  # type: ignore[misc]
    told = dumped(store, tmp_path / "people.jsonl")
    load(other, "default", tmp_path / "people.jsonl", NOW, silent)

    assert all_of(other) == all_of(store)
    assert [row.topic for row in other.read(lambda tx: topics.recent(tx, "default", 9))] != []
    assert told[2]["message"] == {"left": None, "until": int(NOW) + DAY}
    assert [one.get("contact") for one in told[1:]] == ["oAnn", "oBob", "oGone", None, None]
    assert not (tmp_path / "people.jsonl.part").exists()


def test_a_dump_that_was_killed_goes_on_behind_its_last_whole_line(store: Store, tmp_path: Path) -> None:
    fill(store, *(person(f"o{number:04}") for number in range(1200)))
    store.write(lambda tx: topics.subscribe_all(tx, "default", "news", [f"o{n:04}" for n in range(700)], NOW))
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    dump(store, "default", whole, NOW, silent)
    text = whole.read_bytes()
    for at in (0, 30, len(text) // 3, text.index(b'{"subscription"') + 5, len(text) - 70, len(text)):
        part = cut.with_name("cut.part")
        part.write_bytes(text[:at])
        seen: list[int] = []
        dump(store, "default", cut, NOW, lambda done, total, seen=seen: seen.append(done))  # type: ignore[misc]

        assert cut.read_bytes() == text
        assert seen in ([], sorted(seen))
        cut.unlink()


def test_a_dump_takes_no_file_of_something_else(store: Store, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    with pytest.raises(WxbotError, match="is there already"):
        dump(store, "default", there, NOW, silent)
    (tmp_path / "new.part").write_text("mine\n")
    with pytest.raises(WxbotError, match="is of something else"):
        dump(store, "default", tmp_path / "new", NOW, silent)
    assert ((tmp_path / "new.part").read_text(), there.read_text()) == ("mine\n", "mine")


def test_a_load_that_was_killed_goes_on_and_changes_nothing_twice(
    store: Store, other: Store, tmp_path: Path
) -> None:
    fill(store, *(person(f"o{number:04}") for number in range(450)))
    dump(store, "default", tmp_path / "file", NOW, silent)

    def stop(done: int, total: int) -> None:
        if done == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(other, "default", tmp_path / "file", NOW, stop)
    assert len(all_of(other)) == 200
    done = load(other, "default", tmp_path / "file", NOW, silent)
    again = load(other, "default", tmp_path / "file", NOW, silent)

    assert (done.resumed_at, again.resumed_at, done.lines) == (200, 0, 450)
    assert all_of(other) == all_of(store)


def test_a_load_of_another_file_under_the_same_name_begins_anew(other: Store, tmp_path: Path) -> None:
    file = lines(tmp_path, CONTACT)
    file.with_name("people.jsonl.place").write_text('{"digest": "x", "account": "default", "done": 1}')
    load(other, "default", file, NOW, silent)

    assert [one.openid for one in all_of(other)] == ["oAnn"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"contact": "a b", "first_at": 1.0, "last_at": 2.0}, "contact: String should match pattern"),
        ({"contact": "oAnn", "first_at": 1.0}, "last_at: Field required"),
        ({**CONTACT, "follow": True}, "follow: Extra inputs are not permitted"),
        ({**CONTACT, "message": {"left": 5, "until": int(NOW) + 3 * DAY}}, "longer than the 48 hours"),
        ({**CONTACT, "message": {"left": -1, "until": 1}}, "message.left: Input should be greater than"),
        ({**CONTACT, "remark": "\x00"}, "remark: control characters are not allowed"),
        ({"subscription": "a b", "openid": "oAnn", "since": 1.0}, "subscription: topic 'a b' has"),
        ({}, "contact: Field required"),
        ([1], "Input should be an object"),
    ],
)
def test_of_a_file_with_a_mistake_nothing_is_taken_in(other: Store, tmp_path: Path, line: Any, why: str) -> None:
    file = lines(tmp_path, {**CONTACT, "contact": "oBob"}, line)
    with pytest.raises(WxbotError) as raised:
        load(other, "default", file, NOW, silent)

    assert f"{file}:3: " in str(raised.value)
    assert why in str(raised.value)
    assert str(raised.value).endswith("nothing was taken in")
    assert all_of(other) == []


@pytest.mark.parametrize("text", ["", "\n", "[]\n", '{"wxbot": "people", "version": 2}\n', "\xff\n"])
def test_what_is_no_such_file_is_said_in_its_first_line(other: Store, tmp_path: Path, text: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(WxbotError, match=":1: "):
        load(other, "default", file, NOW, silent)


def test_what_is_there_stays_where_it_is_newer_and_of_a_window_what_allows_less(store: Store) -> None:
    until = int(NOW) + DAY
    fill(store, person("oAnn", remark="安", message_left=2, message_until=until, last_at=NOW))
    older = person(
        "oAnn", remark="Ann", message_left=5, message_until=until - 9, last_at=NOW - 99, subscribed=False
    )
    fill(store, older)
    fill(store, person("oAnn", message_left=3, tags=[7], first_at=NOW - 500))
    [kept] = all_of(store)
    assert (kept.message_left, kept.message_until, kept.remark, kept.subscribed) == (2, until, "安", True)
    assert (kept.first_at, kept.last_at, kept.tags) == (NOW - 500, NOW, [7])

    fill(store, person("oAnn", message_left=1))
    assert [one.message_left for one in all_of(store)] == [1]
    fill(store, person("oAnn", message_left=5, message_until=until + 9, last_at=NOW + 1, subscribed=False))
    [kept] = all_of(store)
    assert (kept.message_left, kept.message_until, kept.subscribed) == (5, until + 9, False)


def test_the_lines_in_the_guide_are_taken(other: Store, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "people.md").read_text("utf-8")
    [shown] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (tmp_path / "file").write_text(shown, "utf-8")
    load(other, "default", tmp_path / "file", 1795586700.0, silent)

    assert [type(one) for one in all_of(other)] == [ContactRecord, records.Subscription]


def test_what_was_held_goes_out_when_an_open_window_is_taken_in(other: Store, tmp_path: Path) -> None:
    fill(other, person("oAnn", message_left=0, message_until=0))
    new = FollowUp(message=message_json(Text("news")), due_at=NOW, key="k")
    other.write(lambda tx: outbox.insert_held(tx, "default", ["oAnn"], new, origin="cli", now=NOW))
    window = {"message": {"left": 5, "until": int(NOW) + DAY}}
    load(other, "default", lines(tmp_path, {**CONTACT, **window}), NOW, silent)

    assert other.read(lambda tx: tx.rows("SELECT state FROM followups")) == [("queued",)]
    grants = other.read(lambda tx: contacts.grants(tx, "default", "oAnn"))
    assert [one.left for one in grants if one.kind == "message"] == [5]
