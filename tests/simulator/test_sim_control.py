"""The control routes: people, time, exchanges, reset, and the state that outlives the process."""

import re
import time
from pathlib import Path

import pytest
import requests

import wxbot.simulator
from simulator.bench import SEND, Bench, StoppedClock, running, served
from wxbot.errors import SettingsError
from wxbot.simulator.app import SimulatorConfig, create_simulator

STATIC = Path(wxbot.simulator.__file__).parent / "static"


def test_people_have_the_same_openids_in_every_run(bench: Bench) -> None:
    with running() as another:
        openids = [bench.user(), bench.user()]
        assert openids == [another.user(), another.user()]
    assert all(re.fullmatch(r"o[A-Za-z0-9_-]{27}", openid) for openid in openids)


def test_a_person_can_be_given_an_openid(bench: Bench) -> None:
    assert bench.post("/sim/users", {"openid": "oMine"})["openid"] == "oMine"


def test_an_action_of_nobody_is_not_found(bench: Bench) -> None:
    answer = requests.post(bench.url + "/sim/users/oNobody/actions", json={"type": "text"}, timeout=5)
    assert answer.status_code == 404


def test_the_clock_moves_when_told_and_reports_the_time(bench: Bench) -> None:
    before = bench.get("/sim/clock")["now"]
    assert bench.post("/sim/clock", {"advance": 90})["now"] == before + 90


MALFORMED = [
    ("clock", b"{", "no JSON"),
    ("clock", b"[]", "the body"),
    ("clock", b"{}", "advance"),
    ("clock", b'{"advance": true}', "advance"),
    ("clock", b'{"advance": "60"}', "advance"),
    ("clock", b'{"advance": NaN}', "advance"),
    ("clock", b'{"advance": 1e999}', "advance"),
    ("clock", b'{"advance": -1}', "advance"),
    ("clock", b'{"advance": 9e9}', "advance"),
    ("faults", b"oops", "no JSON"),
    ("faults", b'{"kind": "hang"}', "path"),
    ("faults", b'{"path": 7, "kind": "hang"}', "path"),
    ("faults", b'{"path": "*", "kind": ["hang"]}', "kind"),
    ("faults", b'{"path": "*", "kind": "hang", "times": "3"}', "times"),
    ("faults", b'{"path": "*", "kind": "hang", "times": 0}', "times"),
    ("faults", b'{"path": "*", "kind": "hang", "rate": "half"}', "rate"),
    ("faults", b'{"path": "*", "kind": "hang", "rate": 2}', "rate"),
    ("faults", b'{"path": "*", "kind": "delay", "seconds": "3"}', "seconds"),
    ("faults", b'{"path": "*", "kind": "delay", "seconds": Infinity}', "seconds"),
    ("faults", b'{"path": "*", "kind": "errcode", "errcode": "x"}', "errcode"),
    ("faults", b'{"path": "*", "kind": "undelivered", "status": 1}', "status"),
    ("faults", b'{"path": "*", "kind": "hang", "color": 1}', "color"),
    ("settings", b'{"whitelist": "127.0.0.1"}', "whitelist"),
    ("settings", b'{"daily": {"/cgi-bin/token": "many"}}', "daily./cgi-bin/token"),
    ("settings", b'{"minute": []}', "minute"),
    ("settings", b'{"webhook": "somewhere"}', "webhook"),
]


@pytest.mark.parametrize(("route", "body", "field"), MALFORMED)
def test_a_malformed_body_is_refused_by_its_field_and_spoils_nothing(
    bench: Bench, route: str, body: bytes, field: str
) -> None:
    before = [bench.get(f"/sim/{name}") for name in ("clock", "faults", "settings")]

    answer = requests.post(f"{bench.url}/sim/{route}", data=body, timeout=5)

    assert (answer.status_code, field in answer.json()["error"]) == (400, True)
    assert [bench.get(f"/sim/{name}") for name in ("clock", "faults", "settings")] == before
    assert bench.token()
    assert bench.act(bench.user(), "text", content="hi")["attempts"][0]["status"] == 200


def test_exchanges_show_both_directions_with_tokens_masked(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    token = bench.token()
    bench.post(SEND, {"touser": openid, "msgtype": "text", "text": {"content": "a"}}, access_token=token)
    exchanges = bench.get("/sim/exchanges")["exchanges"]
    assert [one["direction"] for one in exchanges] == ["to_bot", "to_platform", "to_platform"]
    assert token not in str(exchanges)
    assert bench.config.secret not in str(exchanges)
    assert "hi" in exchanges[0]["request"]


def test_only_newer_exchanges_are_returned(bench: Bench) -> None:
    bench.token()
    last = bench.get("/sim/exchanges")["exchanges"][-1]["n"]
    bench.token()
    assert len(bench.get("/sim/exchanges", after=last)["exchanges"]) == 1


def test_encrypted_exchanges_also_show_the_plain_text() -> None:
    with running(mode="safe") as bench:
        bench.act(bench.user(), "text", content="秘密")
        exchange = bench.get("/sim/exchanges")["exchanges"][0]
        assert "秘密" not in exchange["request"]
        assert "秘密" in exchange["request_plain"]


def test_reset_forgets_people_faults_and_counts_but_never_repeats_a_msgid(bench: Bench) -> None:
    first = bench.act(bench.user(), "text", content="hi")["msgid"]
    bench.fault("hang", path="*")
    bench.post("/sim/reset")
    assert bench.get("/sim/users")["users"] == []
    assert bench.ledger()["pushes"] == 0
    assert bench.act(bench.user(), "text", content="hi")["msgid"] > first
    assert bench.token()


def test_a_saved_state_comes_back_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with running(state=path) as bench:
        openid = bench.user()
        bench.act(openid, "text", content="hi")
        assert bench.send(openid) == 0
        until = time.monotonic() + 5
        while not (path.exists() and b'"accepted":1' in path.read_bytes()) and time.monotonic() < until:
            time.sleep(0.02)
        before = bench.phone(openid)
    with served(create_simulator(SimulatorConfig(state=path), StoppedClock())) as url:
        again = Bench(url, bench.bot, bench.config)
        assert again.phone(openid) == before
        assert again.ledger()["accepted"] == 1
        assert again.window(openid)["message"]["left"] == 4


def test_a_file_that_is_no_state_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("[1]")
    with pytest.raises(SettingsError, match=r"state\.json"):
        create_simulator(SimulatorConfig(state=tmp_path / "state.json"), StoppedClock())


def test_a_wrong_aes_key_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="43 characters"):
        create_simulator(SimulatorConfig(aes_key="short"), StoppedClock())


def test_the_page_asks_no_other_host_for_anything(bench: Bench) -> None:
    """Its scripts may name addresses that people send; none of its files may load from one."""
    page = requests.get(bench.url + "/", timeout=5).text
    loading = re.compile(r"""(?:src|href|url|from|import|@import)\s*[=(]?\s*["'(]?\s*((?:https?:)?//[^\s"')]+)""")
    files = [page, *(file.read_text("utf-8") for file in STATIC.rglob("*.*"))]

    assert len(files) > 15
    assert [found for file in files for found in loading.findall(file)] == []
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|style=", page)
