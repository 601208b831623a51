"""Coming into the console and leaving it, and what nobody gets without."""

import re

import pytest
import requests

from flow.console_bench import PASSWORD, let_in, person, somebody
from flow.stage import Stage
from wxbot.store import console_users as users

PAGES = ["/", "/default/conversations", "/default/conversations/oUser", "/nowhere"]


@pytest.mark.parametrize("path", PAGES)
def test_who_is_not_signed_in_is_sent_to_sign_in_and_shown_nothing(still: Stage, path: str) -> None:
    answer = somebody(still).get(path)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/console/sign-in")


def test_a_part_of_a_page_whose_session_has_ended_lets_the_page_load_anew(still: Stage) -> None:
    answer = somebody(still).get("/default/conversations", **{"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Refresh"], answer.text) == (401, "true", "")


def test_before_there_is_anybody_the_page_says_which_command_makes_the_first(still: Stage) -> None:
    assert "wxbot console adduser" in somebody(still).text("/sign-in")


def test_after_signing_in_one_is_where_one_wanted_to_be(still: Stage) -> None:
    let_in(still, "ann", "agent")
    one = somebody(still)
    token = one.token()

    answer = one.session.post(
        f"{one.base}/sign-in?next=/default/conversations?order=recent",
        data={"csrf_token": token, "name": "ann", "password": PASSWORD},
        allow_redirects=False,
        timeout=10,
    )

    assert answer.headers["Location"] == "/console/default/conversations?order=recent"


@pytest.mark.parametrize("to", ["//evil.example", "/\\evil.example", "https://evil.example", "/a\nb"])
def test_signing_in_leads_nowhere_else(still: Stage, to: str) -> None:
    let_in(still, "ann", "agent")
    one = somebody(still)
    form = {"csrf_token": one.token(), "name": "ann", "password": PASSWORD}

    answer = one.session.post(
        f"{one.base}/sign-in", params={"next": to}, data=form, allow_redirects=False, timeout=10
    )

    assert answer.headers["Location"] == "/console/"


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong password"), ("eve", PASSWORD), ("", "")])
def test_a_wrong_name_or_password_is_refused_alike(still: Stage, name: str, password: str) -> None:
    let_in(still, "ann", "owner")

    answer = somebody(still).sign_in(name, password)

    assert answer.status_code == 401
    assert "用户名或密码不对" in answer.text


def test_a_form_without_its_token_changes_nothing(still: Stage) -> None:
    let_in(still, "ann", "owner")
    one = somebody(still)

    answer = one.session.post(f"{one.base}/sign-in", data={"name": "ann", "password": PASSWORD}, timeout=10)

    assert answer.status_code == 400
    assert one.get("/").headers["Location"].startswith("/console/sign-in")


def test_after_five_tries_one_has_to_wait_also_with_the_right_password(still: Stage) -> None:
    let_in(still, "ann", "owner")
    one = somebody(still)

    for _ in range(5):
        assert one.sign_in("ann", "wrong password").status_code == 401
    answer = one.sign_in("ann")

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 20


def test_strangers_who_try_do_not_keep_out_who_signed_in_from_their_browser_before(still: Stage) -> None:
    ann, stranger = person(still, "ann"), somebody(still)
    ann.post("/sign-out")
    for _ in range(6):
        stranger.sign_in("ann", "wrong password")
    assert stranger.sign_in("ann").status_code == 429

    assert ann.sign_in("ann").status_code == 303


def test_a_browser_known_for_one_name_is_not_known_for_another(still: Stage) -> None:
    eve = person(still, "eve", "agent")
    let_in(still, "ann", "owner")
    eve.post("/sign-out")

    answers = [eve.sign_in("ann", "wrong password").status_code for _ in range(5)]

    assert answers == [401, 401, 401, 401, 429]  # her own signing in was the first of this address


def test_a_proxy_on_this_machine_tells_who_tries(still: Stage) -> None:
    let_in(still, "ann", "owner")
    one = somebody(still)

    def attempt(told: str) -> int:
        form = {"csrf_token": one.token(), "name": "ann", "password": "wrong password"}
        headers = {"X-Forwarded-For": told}
        return one.session.post(f"{one.base}/sign-in", data=form, headers=headers, timeout=10).status_code

    assert [attempt("forged, 203.0.113.7") for _ in range(6)] == [401] * 5 + [429]
    assert attempt("203.0.113.8") == 401


def test_who_signs_out_is_out_also_with_a_copy_of_the_cookie(still: Stage) -> None:
    ann = person(still)
    copy = requests.Session()
    copy.cookies.update(ann.session.cookies)

    ann.post("/sign-out")

    answer = copy.get(f"{ann.base}/default/conversations", allow_redirects=False, timeout=10)
    assert answer.status_code == 302


def test_a_session_that_is_ended_elsewhere_is_over_at_once(still: Stage) -> None:
    ann = person(still)
    store = still.store()
    store.write(lambda tx: users.end_sessions(tx, "ann"))
    store.close()

    assert ann.get("/default/conversations").status_code == 302


def test_the_cookies_are_for_the_console_alone_and_out_of_reach_of_scripts(still: Stage) -> None:
    ann = person(still)

    for cookie in ann.session.cookies:
        assert cookie.path == "/console"
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "Lax"


def test_every_page_forbids_scripts_of_others_and_frames(still: Stage) -> None:
    ann = person(still)

    for path in ("/sign-in", "/default/conversations", "/nowhere", "/static/console.js"):
        headers = ann.get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_is_kept_by_nobody_and_asks_no_other_host(still: Stage) -> None:
    answer = person(still).get("/default/conversations")

    assert answer.headers["Cache-Control"] == "no-store"
    assert re.findall(r'(?:src|href)="(?:https?:)?//', answer.text) == []


def test_the_language_is_the_browsers_until_one_chooses(still: Stage) -> None:
    one = somebody(still)

    assert "Sign in" in one.get("/sign-in", **{"Accept-Language": "en-GB,en;q=0.9"}).text
    assert "登录" in one.get("/sign-in", **{"Accept-Language": "zh-CN,zh;q=0.9"}).text
    one.get("/sign-in?language=en")
    assert "Sign in" in one.get("/sign-in", **{"Accept-Language": "zh-CN"}).text


def test_who_signed_in_is_in_the_audit_trail_and_no_password_in_the_log(
    still: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    person(still)
    somebody(still).sign_in("ann", "wrong password 123")

    assert still.rows("SELECT name, action FROM audit") == [("ann", "sign_in")]
    said = capfd.readouterr()
    assert "wrong password 123" not in said.out + said.err
    assert PASSWORD not in said.out + said.err


def test_the_webhook_sets_no_cookie(still: Stage) -> None:
    answer = requests.get(still.webhook, params=still.signed() | {"echostr": "7"}, timeout=10)

    assert answer.status_code == 200
    assert not answer.cookies
    assert "Vary" not in answer.headers
