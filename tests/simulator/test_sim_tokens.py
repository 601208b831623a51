"""Tokens as the platform hands them out: docs/platform.md §4."""

import pytest
import requests

from simulator.bench import SEND, Bench


def test_a_token_answer_has_no_errcode(bench: Bench) -> None:
    assert set(bench.stable_token()) == {"access_token", "expires_in"}


def test_each_call_of_token_gives_a_new_token(bench: Bench) -> None:
    assert bench.token() != bench.token()


def test_the_stable_token_stays_the_same_until_five_minutes_before_its_end(bench: Bench) -> None:
    first = bench.stable_token()["access_token"]
    bench.advance(7200 - 301)
    assert bench.stable_token()["access_token"] == first
    bench.advance(1)
    assert bench.stable_token()["access_token"] != first


def test_a_replaced_token_works_for_five_more_minutes(bench: Bench) -> None:
    old = bench.token()
    bench.token()
    bench.advance(299)
    assert "errcode" not in bench.get("/cgi-bin/getcallbackip", access_token=old)
    bench.advance(1)
    assert bench.get("/cgi-bin/getcallbackip", access_token=old)["errcode"] == 40001


def test_the_two_endpoints_do_not_end_each_others_tokens(bench: Bench) -> None:
    token = bench.token()
    bench.stable_token()
    bench.advance(600)
    assert "ip_list" in bench.get("/cgi-bin/getcallbackip", access_token=token)


def test_a_token_expires_after_two_hours(bench: Bench) -> None:
    token = bench.token()
    bench.advance(7200)
    assert bench.get("/cgi-bin/getcallbackip", access_token=token)["errcode"] == 42001


@pytest.mark.parametrize(("token", "errcode"), [("", 41001), ("made-up", 40001)])
def test_a_missing_token_and_a_wrong_one_are_told_apart(bench: Bench, token: str, errcode: int) -> None:
    assert bench.get("/cgi-bin/getcallbackip", access_token=token)["errcode"] == errcode


def test_force_refresh_ends_the_old_token_at_once(bench: Bench) -> None:
    old = bench.stable_token()["access_token"]
    bench.advance(31)
    assert bench.stable_token(force_refresh=True)["access_token"] != old
    assert bench.get("/cgi-bin/getcallbackip", access_token=old)["errcode"] == 40001


def test_force_refresh_within_thirty_seconds_changes_nothing(bench: Bench) -> None:
    old = bench.stable_token()["access_token"]
    assert bench.stable_token(force_refresh=True)["access_token"] == old


@pytest.mark.parametrize(
    ("wrong", "errcode"),
    [
        ({"grant_type": "x"}, 40002),
        ({"appid": "wx1"}, 40013),
        ({"secret": "no"}, 40125),
        ({"secret": ""}, 41004),
    ],
)
def test_wrong_credentials_have_their_own_codes(bench: Bench, wrong: dict[str, str], errcode: int) -> None:
    assert bench.stable_token(**wrong)["errcode"] == errcode


def test_a_caller_that_is_not_on_the_whitelist_is_named(bench: Bench) -> None:
    bench.post("/sim/settings", {"whitelist": ["10.0.0.1"]})
    answer = bench.stable_token()
    assert answer["errcode"] == 40164
    assert "127.0.0.1" in answer["errmsg"]


def test_the_daily_limit_ends_at_beijing_midnight(bench: Bench) -> None:
    bench.post("/sim/settings", {"daily": {"/cgi-bin/stable_token": 1}})
    bench.stable_token()
    assert bench.stable_token()["errcode"] == 45009
    bench.advance(86_400)
    assert "access_token" in bench.stable_token()


def test_a_refusal_carries_a_trace_id_and_http_200(bench: Bench) -> None:
    answer = requests.get(bench.url + "/cgi-bin/token", timeout=5)
    assert answer.status_code == 200
    assert answer.json()["errmsg"].split("rid: ")[1].count("-") == 2


def test_the_ledger_counts_token_fetches(bench: Bench) -> None:
    bench.stable_token()
    bench.stable_token()
    assert bench.ledger()["token_fetches"] == 2


def test_a_killed_token_is_refused_and_a_forced_one_works(bench: Bench) -> None:
    openid, token = bench.user(), bench.stable_token()["access_token"]
    bench.act(openid, "text", content="hi")
    bench.fault("token_killed")
    body = {"touser": openid, "msgtype": "text", "text": {"content": "a"}}
    assert bench.post(SEND, body, access_token=token)["errcode"] == 40001
    assert bench.post(SEND, body, access_token=bench.stable_token()["access_token"])["errcode"] == 0
