"""What the page asks for beyond the control routes: the snapshot, media, exchanges to send once more."""

from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.bench import SEND, Bench, reply, running
from simulator.replays import run, sealed, verdict
from wxbot.protocol.signature import sign
from wxbot.simulator.config import Mode


def newest(bench: Bench) -> Any:
    return bench.get("/sim/exchanges")["exchanges"][-1]


def text(bench: Bench, route: str) -> str:
    answer = requests.get(f"{bench.url}/sim/exchanges/{newest(bench)['n']}/{route}", timeout=5)
    assert answer.ok, answer.text
    return answer.text


def test_the_snapshot_holds_the_phones_asked_for_and_newer_exchanges(bench: Bench) -> None:
    one, other = bench.user(), bench.user()
    bench.act(one, "text", content="hi")
    bench.act(other, "text", content="hello")
    first = bench.get("/sim/exchanges")["exchanges"][0]["n"]

    seen = bench.get("/sim/page", phone=one, after=first)

    assert [user["openid"] for user in seen["users"]] == [one, other]
    assert [item["text"] for item in seen["phones"][one]["items"]] == ["hi"]
    assert list(seen["phones"]) == [one]
    assert [exchange["n"] for exchange in seen["exchanges"]] == [first + 1]


def test_of_a_crowd_the_snapshot_holds_the_newest_and_those_whose_phones_are_open(bench: Bench) -> None:
    openids = [bench.user() for _ in range(40)]

    seen = bench.get("/sim/page", phone=openids[3])["users"]

    assert [user["number"] for user in seen] == [4, *range(11, 41)]
    assert [user["openid"] for user in seen] == [openids[3], *openids[10:]]


def test_no_script_of_another_origin_or_in_the_text_may_run_on_the_page(bench: Bench) -> None:
    answer = requests.get(bench.url + "/", timeout=5)

    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none';" in answer.headers["Content-Security-Policy"]


def test_deliveries_of_one_push_are_marked_as_such(bench: Bench) -> None:
    bench.bot.answer = lambda _: ("busy", 503)
    bench.act(bench.user(), "text", content="hi")
    bench.bot.answer = lambda _: "success"
    bench.act(bench.user(), "CLICK")

    exchanges = bench.get("/sim/exchanges")["exchanges"]

    assert [one["attempt"] for one in exchanges] == [1, 2, 3, 1]
    assert len({one["push"] for one in exchanges}) == 2
    assert [one["kind"] for one in exchanges] == ["text"] * 3 + ["CLICK"]


def test_an_exchange_tells_why_the_user_read_a_failure_notice(bench: Bench) -> None:
    bench.bot.answer = lambda _: "<xml></xml>"
    bench.act(bench.user(), "text", content="hi")

    assert newest(bench)["note"] == "MsgType is missing or empty"


@pytest.mark.parametrize(("token", "fits"), [("Wechat4go", True), ("another", False)])
def test_the_signatures_of_push_and_answer_are_checked(token: str, fits: bool) -> None:
    with running(mode="safe") as bench:
        openid = bench.user()
        bench.bot.answer = lambda _: sealed(bench.config, reply(openid, "<Content>hi</Content>"), token=token)
        bench.act(openid, "text", content="1")

        checks = {check["name"]: check["ok"] for check in newest(bench)["checks"]}

    assert checks == {"signature": True, "msg_signature": True, "MsgSignature": fits}


def test_a_call_with_a_dead_token_shows_the_check_that_failed(bench: Bench) -> None:
    bench.post(SEND, {}, access_token="made-up")

    assert newest(bench)["checks"] == [{"name": "access_token", "ok": False, "over": ""}]


def test_a_media_file_comes_back_to_the_page_and_to_the_bot(bench: Bench) -> None:
    kept = requests.post(
        bench.url + "/sim/media", data=b"png", headers={"Content-Type": "image/png"}, timeout=5
    ).json()
    shown = requests.get(kept["url"], timeout=5)
    fetched = requests.get(
        bench.url + "/cgi-bin/media/get",
        params={"access_token": bench.token(), "media_id": kept["media_id"]},
        timeout=5,
    )

    assert (shown.content, shown.headers["Content-Type"]) == (b"png", "image/png")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert fetched.content == b"png"


def test_a_page_uploaded_as_a_medium_is_never_served_as_a_page(bench: Bench) -> None:
    script = ("a.html", b"<script>alert(1)</script>", "text/html")
    upload = requests.post(
        bench.url + "/cgi-bin/media/upload",
        params={"access_token": bench.token(), "type": "image"},
        files={"media": script},
        timeout=5,
    ).json()
    shown = requests.get(f"{bench.url}/sim/media/{upload['media_id']}", timeout=5)
    posted = requests.post(bench.url + "/sim/media", data=b"x", headers={"Content-Type": "text/html"}, timeout=5)

    assert shown.headers["Content-Type"] == "application/octet-stream"
    assert shown.headers["Content-Security-Policy"].startswith("sandbox;")
    assert (posted.status_code, "Content-Type" in posted.json()["error"]) == (400, True)


def test_what_only_the_phone_shows_is_not_pushed(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "voice", phone={"seconds": 7})

    assert bench.phone(openid)[0]["details"]["seconds"] == 7
    assert b"seconds" not in bench.bot.pushes[0].body


@pytest.mark.parametrize("wrong", [{"fields": 3}, {"phone": []}, {"createtime": "now"}])
def test_an_action_of_a_wrong_shape_is_refused_by_its_field(bench: Bench, wrong: dict[str, Any]) -> None:
    answer = requests.post(
        f"{bench.url}/sim/users/{bench.user()}/actions", json={"type": "text", **wrong}, timeout=5
    )

    assert (answer.status_code, next(iter(wrong)) in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_a_push_copied_as_curl_arrives_signed_anew_with_the_same_body(mode: Mode) -> None:
    with running(mode=mode) as bench:
        bench.act(bench.user(), "text", content="it's '@home' $(date) `x` \"\\")
        bench.advance(3600)
        run(text(bench, "curl"))

        before, after = bench.bot.pushes
        signature = after.query["signature"]
        assert after.body == before.body
        assert signature == sign("Wechat4go", after.query["timestamp"], after.query["nonce"])
        assert int(after.query["timestamp"]) == int(before.query["timestamp"]) + 3600
        assert set(after.query) == set(before.query)


def test_a_call_copied_as_curl_carries_its_whole_token(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    assert bench.send(openid, "it's") == 0

    assert run(text(bench, "curl")).json()["errcode"] == 0
    assert bench.phone(openid)[-1]["text"] == "it's"
    assert "***" in newest(bench)["path"]


@pytest.mark.parametrize("endpoint", ["token", "stable_token"])
def test_a_call_copied_as_curl_leaves_the_appsecret_to_the_environment(bench: Bench, endpoint: str) -> None:
    bench.token() if endpoint == "token" else bench.stable_token()
    command = text(bench, "curl")

    assert bench.config.secret not in command
    assert '"$WXBOT_APPSECRET"' in command
    assert run(command).json()["errcode"] == 40125  # the secret that `run` fills in is a wrong one


def test_nothing_of_the_list_tells_a_token_whole(bench: Bench) -> None:
    bench.stable_token()
    token = bench.token()
    bench.get("/cgi-bin/getcallbackip", access_token=token)
    seen = str(bench.get("/sim/exchanges")) + str(bench.get("/sim/page"))

    assert token not in seen
    assert bench.config.secret not in seen


@pytest.mark.parametrize("route", ["curl", "test"])
def test_an_exchange_that_is_not_kept_is_not_found(bench: Bench, route: str) -> None:
    assert requests.get(f"{bench.url}/sim/exchanges/7/{route}", timeout=5).status_code == 404


def test_a_call_to_the_platform_is_no_test(bench: Bench) -> None:
    bench.token()
    answer = requests.get(f"{bench.url}/sim/exchanges/{newest(bench)['n']}/test", timeout=5)

    assert (answer.status_code, "no push" in answer.json()["error"]) == (404, True)


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_a_push_saved_as_a_test_passes_until_the_answer_changes(mode: Mode, tmp_path: Path) -> None:
    with running(mode=mode) as bench:
        openid, words = bench.user(), ["""CA1501 ''\"\"" \\n {{ 1 }} 好"""]

        def answer(_: object) -> str:
            plain = reply(openid, f"<Content><![CDATA[{words[-1]}]]></Content>")
            return plain if mode == "plain" else sealed(bench.config, plain)

        bench.bot.answer = answer
        bench.act(openid, "text", content=words[0])
        code = text(bench, "test")

        assert verdict(tmp_path, code) == "passed"
        assert bench.bot.pushes[1].query["signature"] != bench.bot.pushes[0].query["signature"]
        words.append("something else")
        assert verdict(tmp_path, code) == "failed"


def test_a_push_that_failed_is_saved_as_a_test_that_fails_until_it_is_mended(bench: Bench, tmp_path: Path) -> None:
    bench.bot.answer = lambda _: ("busy", 503)
    bench.act(bench.user(), "text", content="hi")
    code = text(bench, "test")

    assert verdict(tmp_path, code) == "failed"
    bench.bot.answer = lambda _: "success"
    assert verdict(tmp_path, code) == "passed"


def test_a_saved_test_tells_no_secret_of_an_account_of_ones_own() -> None:
    with running(mode="safe", token="MyOwnToken", aes_key="M" * 43) as bench:
        bench.act(bench.user(), "text", content="hi")
        code = text(bench, "test")

    assert "MyOwnToken" not in code
    assert "M" * 43 not in code
    assert "os.environ['WXBOT_TOKEN']" in code
