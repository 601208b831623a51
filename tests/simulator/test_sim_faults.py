"""Faults on the way to the platform, as a client meets them: docs/platform.md §7."""

import time

import pytest
import requests

from simulator.bench import SEND, Bench


@pytest.fixture
def chat(bench: Bench) -> tuple[str, str]:
    """An open window and the address that sends into it."""
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    return openid, f"{bench.url}{SEND}?access_token={bench.token()}"


def post(chat: tuple[str, str], timeout: float = 5) -> requests.Response:
    body = {"touser": chat[0], "msgtype": "text", "text": {"content": "a"}}
    return requests.post(chat[1], json=body, timeout=timeout)


def test_an_errcode_is_answered_and_counted_and_nothing_is_delivered(bench: Bench, chat: tuple[str, str]) -> None:
    bench.fault("errcode", errcode=45009)
    assert post(chat).json()["errcode"] == 45009
    assert (bench.ledger()["accepted"], bench.ledger()["refused"]) == (0, {"45009": 1})


def test_a_fault_strikes_as_often_as_it_was_told(bench: Bench, chat: tuple[str, str]) -> None:
    bench.fault("errcode", times=2)
    assert [post(chat).json()["errcode"] for _ in range(3)] == [-1, -1, 0]


def test_a_rate_strikes_some_calls_and_deleting_ends_it(bench: Bench, chat: tuple[str, str]) -> None:
    bench.post("/sim/faults", {"path": "*", "kind": "errcode", "rate": 0.5})
    codes = {bench.get("/cgi-bin/getcallbackip").get("errcode") for _ in range(30)}
    assert codes == {-1, 41001}
    requests.delete(bench.url + "/sim/faults", timeout=5)
    assert post(chat).json()["errcode"] == 0


@pytest.mark.parametrize(
    ("kind", "status", "start"),
    [("http502", 502, b"<html>"), ("html", 200, b"<!DOCTYPE"), ("empty", 200, b""), ("nothing", 200, b"{}")],
)
@pytest.mark.parametrize("accepting", ["", "accept_then_"])
def test_a_useless_answer_hides_whether_the_message_arrived(
    bench: Bench, chat: tuple[str, str], accepting: str, kind: str, status: int, start: bytes
) -> None:
    bench.fault(accepting + kind)
    answer = post(chat)
    assert answer.status_code == status
    assert answer.content.startswith(start)
    assert bench.ledger()["accepted"] == (1 if accepting else 0)


@pytest.mark.parametrize("accepting", ["", "accept_then_"])
def test_a_reset_connection_gives_no_answer(bench: Bench, chat: tuple[str, str], accepting: str) -> None:
    bench.fault(accepting + "reset")
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        post(chat)
    assert bench.ledger()["accepted"] == (1 if accepting else 0)


@pytest.mark.parametrize("accepting", ["", "accept_then_"])
def test_a_hanging_call_is_never_answered(bench: Bench, chat: tuple[str, str], accepting: str) -> None:
    bench.fault(accepting + "hang")
    with pytest.raises(requests.ReadTimeout):
        post(chat, timeout=0.2)
    assert bench.ledger()["accepted"] == (1 if accepting else 0)


def test_a_truncated_answer_breaks_off_although_the_message_arrived(bench: Bench, chat: tuple[str, str]) -> None:
    bench.fault("truncated")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        post(chat)
    assert bench.ledger()["accepted"] == 1


def test_a_huge_answer_is_ten_megabytes(bench: Bench, chat: tuple[str, str]) -> None:
    bench.fault("huge")
    assert len(post(chat).content) > 10_000_000


def test_a_gzip_bomb_is_small_on_the_wire(bench: Bench, chat: tuple[str, str]) -> None:
    bench.fault("gzip_bomb")
    with requests.post(chat[1], data=b"{}", stream=True, timeout=5) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) < 1_000_000


def test_a_delay_answers_the_truth_later(bench: Bench, chat: tuple[str, str]) -> None:
    bench.fault("delay", seconds=0.3)
    began = time.monotonic()
    assert post(chat).json()["errcode"] == 0
    assert time.monotonic() - began >= 0.3


def test_a_dripping_answer_starts_with_one_byte(bench: Bench, chat: tuple[str, str]) -> None:
    bench.fault("drip")
    with requests.post(chat[1], data=b"{}", stream=True, timeout=5) as answer:
        assert answer.raw.read(1) == b"{"


def test_an_unknown_kind_is_an_error_that_lists_the_known_ones(bench: Bench) -> None:
    assert "gzip_bomb" in bench.post("/sim/faults", {"path": "*", "kind": "meteor"})["error"]


def test_a_path_pattern_leaves_other_calls_alone(bench: Bench, chat: tuple[str, str]) -> None:
    bench.fault("errcode", path="/cgi-bin/menu/*")
    assert post(chat).json()["errcode"] == 0
    assert bench.call("/cgi-bin/menu/get")["errcode"] == -1
