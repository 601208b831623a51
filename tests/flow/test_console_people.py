"""People, sessions and the audit trail in the console: who may do what to whom, and that it is told."""

import pytest

from flow.console_bench import PASSWORD, let_in, person, somebody
from flow.stage import Stage
from wxbot.web.console.trail import DEEDS

NEW = "a very new password"
ACTS = ("role", "password", "enable", "disable", "sessions")


def test_an_owner_lets_somebody_in_who_then_signs_in(still: Stage) -> None:
    ann = person(still)

    answer = ann.post("/people", name="bob", password=NEW, role="agent", account="default")

    assert answer.status_code == 303
    bob = somebody(still)
    assert bob.sign_in("bob", NEW).status_code == 303
    assert bob.get("/default/conversations").status_code == 200
    assert still.rows("SELECT name, action, target, details FROM audit WHERE action = 'add_user'") == [
        ("ann", "add_user", "bob", "agent")
    ]
    assert "bob" in ann.text("/people")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "bob", "password": "short"}, "密码至少 10 个字符"),
        ({"name": "bob", "password": "bob bob bob bob"}, "密码至少 10 个字符"),
        ({"name": "b b", "password": NEW}, "用户名由 1 至 64 个"),
        ({"name": "ann", "password": NEW}, "用户名由 1 至 64 个"),
    ],
)
def test_who_cannot_be_let_in_is_refused_in_words_and_what_was_typed_stays(
    still: Stage, fields: dict[str, str], why: str
) -> None:
    answer = person(still).post("/people", **fields, role="operator", account="")

    assert answer.status_code == 422
    assert why in answer.text
    assert f'name="name" value="{fields["name"]}"' in answer.text
    assert 'value="operator" selected' in answer.text
    assert fields["password"] not in answer.text
    assert len(still.rows("SELECT name FROM console_users")) == 1


def test_a_role_is_changed_and_counts_at_once(still: Stage) -> None:
    ann, bob = person(still), person(still, "bob", "agent")

    assert ann.post("/people/bob/role", role="operator").status_code == 303

    assert bob.get("/default/outbox").status_code == 200
    ann.post("/people/bob/role", role="agent")
    assert bob.get("/default/outbox").status_code == 403


def test_who_is_disabled_is_out_at_once_until_enabled(still: Stage) -> None:
    ann, bob = person(still), person(still, "bob", "agent")

    ann.post("/people/bob/disable")
    assert bob.get("/default/conversations").status_code == 302
    assert somebody(still).sign_in("bob").status_code == 401
    ann.post("/people/bob/enable")

    assert somebody(still).sign_in("bob").status_code == 303


def test_a_new_password_ends_sessions_and_is_the_only_one(still: Stage) -> None:
    ann, bob = person(still), person(still, "bob", "agent")

    assert ann.post("/people/bob/password", password="short").status_code == 422
    assert ann.post("/people/bob/password", password=NEW).status_code == 303

    assert bob.get("/default/conversations").status_code == 302
    assert somebody(still).sign_in("bob").status_code == 401
    assert somebody(still).sign_in("bob", NEW).status_code == 303


def test_an_owner_ends_somebodys_sessions(still: Stage) -> None:
    ann, bob = person(still), person(still, "bob", "agent")

    ann.post("/people/bob/sessions")

    assert bob.get("/default/conversations").status_code == 302


@pytest.mark.parametrize(("what", "fields"), [("role", {"role": "agent"}), ("disable", {})])
def test_the_last_owner_stays_and_is_told_why(still: Stage, what: str, fields: dict[str, str]) -> None:
    ann = person(still)

    answer = ann.post(f"/people/ann/{what}", **fields)

    assert answer.status_code == 422
    assert "ann 是唯一的管理员" in answer.text
    assert ann.get("/people").status_code == 200


def test_only_owners_see_people_and_the_trail(still: Stage) -> None:
    let_in(still, "ann", "owner")
    bob = person(still, "bob", "operator")

    for path in ("/people", "/people/bob", "/audit"):
        assert bob.get(path).status_code == 403
    fields = {"name": "eve", "password": NEW, "role": "owner"}
    for path in (
        "/people",
        *(f"/people/bob/{what}" for what in ACTS),
    ):
        assert bob.post(path, **fields).status_code == 403
    assert still.rows("SELECT name, role FROM console_users ORDER BY name") == [
        ("ann", "owner"),
        ("bob", "operator"),
    ]


def test_an_owner_of_one_account_rules_over_nobody_else(still: Stage) -> None:
    person(still, "ann", "owner")
    let_in(still, "carol", "agent", "second")
    bob = person(still, "bob", "owner", account="default")

    text = bob.text("/people")
    assert "carol" not in text
    assert bob.get("/people/ann").status_code == 404
    for what in ACTS:
        assert bob.post(f"/people/ann/{what}", role="agent", password=NEW).status_code == 404
        assert bob.post(f"/people/carol/{what}", role="owner", password=NEW).status_code == 404
    assert bob.post("/people", name="eve", password=NEW, role="owner", account="second").status_code == 400
    assert bob.post("/people", name="dan", password=NEW, role="owner", account="").status_code == 303

    assert still.rows("SELECT account FROM console_users WHERE name = 'dan'") == [("default",)]
    trail = bob.text("/audit")
    assert "dan" in trail
    assert "ann" not in trail


def test_an_owner_of_one_account_lets_nobody_into_another(still: Stage) -> None:
    bob = person(still, "bob", "owner", account="second")

    assert bob.post("/people", name="eve", password=NEW, role="agent", account="default").status_code == 400
    assert still.rows("SELECT name FROM console_users") == [("bob",)]


@pytest.mark.parametrize("path", ["/people/eve", "/people/<script>"])
def test_nobody_has_no_page(still: Stage, path: str) -> None:
    assert person(still).get(path).status_code == 404


def test_forms_without_their_token_do_nothing(still: Stage) -> None:
    ann = person(still)
    people = [f"/people/ann/{what}" for what in ACTS]

    for path in ("/people", *people, "/sessions/end", "/sessions/end-others", "/sessions/password"):
        answer = ann.session.post(ann.base + path, data={"name": "eve", "role": "owner"}, timeout=10)
        assert answer.status_code == 400
    assert ann.get("/people").status_code == 200


def test_somebody_ends_their_other_sessions_and_keeps_this_one(still: Stage) -> None:
    here = person(still, "bob", "agent")
    there = somebody(still)
    there.sign_in("bob")
    assert here.page("/sessions").count("127.0.0.1") == 2

    assert here.post("/sessions/end-others").status_code == 303

    assert there.get("/sessions").status_code == 302
    assert here.get("/sessions").status_code == 200


def test_somebody_ends_one_session_of_theirs_but_of_nobody_else(still: Stage) -> None:
    ann = person(still)
    here, there = person(still, "bob", "agent"), somebody(still)
    there.sign_in("bob")

    for (id,) in still.rows("SELECT id FROM console_sessions WHERE name = 'ann'"):
        here.post("/sessions/end", session=str(id))
    [_, (newest,)] = still.rows("SELECT id FROM console_sessions WHERE name = 'bob' ORDER BY id")
    here.post("/sessions/end", session=str(newest))

    assert ann.get("/sessions").status_code == 200
    assert there.get("/sessions").status_code == 302


def test_who_changes_their_password_signs_in_with_the_new_one(still: Stage) -> None:
    bob = person(still, "bob", "agent")

    assert bob.post("/sessions/password", old="wrong password", new=NEW).status_code == 422
    assert bob.post("/sessions/password", old=PASSWORD, new="short").status_code == 422
    assert bob.post("/sessions/password", old=PASSWORD, new=NEW).status_code == 303

    assert bob.get("/sessions").status_code == 302
    assert somebody(still).sign_in("bob").status_code == 401
    assert bob.sign_in("bob", NEW).status_code == 303


def test_the_old_password_cannot_be_tried_without_end(still: Stage) -> None:
    bob = person(still, "bob", "agent")

    tries = [bob.post("/sessions/password", old=f"guess {number} it", new=NEW).status_code for number in range(6)]

    assert tries == [422] * 5 + [429]


def test_the_trail_is_told_in_words_and_by_name_and_action(still: Stage) -> None:
    ann = person(still)
    person(still, "bob", "agent")
    ann.post("/people/bob/role", role="operator")

    assert "ann 更改角色 bob operator" in ann.text("/audit")
    assert "bob 登录" in ann.text("/audit?name=bob")
    assert "ann 登录" not in ann.text("/audit?name=bob")
    only = ann.text("/audit?action=set_role")
    assert "ann 更改角色" in only
    assert "127.0.0.1" not in only
    ann.get("/audit?language=en")
    assert "ann changed a role bob operator" in ann.text("/audit")


def test_the_trail_goes_on_behind_its_first_page(still: Stage) -> None:
    store = still.store()
    insert = "INSERT INTO audit (at, name, action, target) VALUES (:at, 'ann', :action, :target)"
    actions = sorted(DEEDS)
    each = [{"at": 0.0, "action": actions[n % len(actions)], "target": f"{n}"} for n in range(250)]
    store.write(lambda tx: tx.change_many(insert, each))
    store.close()
    ann, path, shown = person(still), "/audit", 0

    while path:
        page = ann.page(path)
        shown += page.count("<strong>ann</strong>")
        more = page.split("更多</a>")[0].rsplit('href="', 1)[1].split('"')[0] if "更多</a>" in page else ""
        path = more.removeprefix("/console")

    assert shown == 251  # and the sign-in


def test_what_stands_in_the_trail_is_text(still: Stage) -> None:
    store, text = still.store(), "<script>alert(1)</script>"
    insert = """INSERT INTO audit (at, account, name, action, openid, target, details)
        VALUES (0, 'default', :text, :text, :text, :text, :text)"""
    store.write(lambda tx: tx.change(insert, text=text))
    store.close()

    page = person(still).page("/audit")

    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 4
