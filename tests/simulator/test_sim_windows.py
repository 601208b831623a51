"""What may be sent and until when: docs/platform.md §6."""

import pytest

from simulator.bench import Bench, running

ACTIONS = ["CLICK", "subscribe", "SCAN", "scancode_push", "scancode_waitmsg"]


def codes(bench: Bench, openid: str, times: int) -> list[int]:
    return [bench.send(openid, f"message {n}") for n in range(times)]


def test_a_message_opens_five_sends(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    assert codes(bench, openid, 6) == [0, 0, 0, 0, 0, 45047]


def test_a_message_window_closes_after_48_hours(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "image")
    bench.advance(172_799)
    assert bench.send(openid) == 0
    bench.advance(1)
    assert bench.send(openid) == 45015


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_opens_three_sends_for_one_minute(bench: Bench, action: str) -> None:
    openid = bench.user()
    bench.act(openid, action)
    assert codes(bench, openid, 4) == [0, 0, 0, 45047]
    bench.advance(60)
    assert bench.send(openid) == 45015


def test_a_tap_on_a_message_menu_counts_as_an_action(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="满意", bizmsgmenuid="101")
    assert codes(bench, openid, 4) == [0, 0, 0, 45047]


@pytest.mark.parametrize("event", ["VIEW", "LOCATION", "pic_weixin", "location_select", "kf_create_session"])
def test_other_events_open_nothing(bench: Bench, event: str) -> None:
    openid = bench.user()
    bench.act(openid, event)
    assert bench.send(openid) == 45015


def test_two_messages_do_not_add_up(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="one")
    bench.act(openid, "text", content="two")
    assert codes(bench, openid, 6)[-1] == 45047


def test_a_click_is_spent_before_the_message_window_and_then_both_are_gone(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    bench.act(openid, "CLICK")
    assert codes(bench, openid, 3) == [0, 0, 0]
    assert bench.window(openid)["message"]["left"] == 5
    assert codes(bench, openid, 6) == [0, 0, 0, 0, 0, 45047]


def test_unsubscribing_closes_everything(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    bench.act(openid, "unsubscribe")
    assert bench.send(openid) == 45015


def test_someone_who_never_followed_must_follow_first(bench: Bench) -> None:
    openid = bench.post("/sim/users", {"following": False})["openid"]
    assert bench.send(openid) == 43004


def test_the_old_rule_does_not_count() -> None:
    with running(rights="48h") as bench:
        openid = bench.user()
        bench.act(openid, "CLICK")
        assert codes(bench, openid, 8) == [0] * 8
        bench.advance(172_800)
        assert bench.send(openid) == 45015


def test_the_ledger_tells_a_closed_window_from_a_spent_quota(bench: Bench) -> None:
    openid = bench.user()
    bench.send(openid)
    bench.act(openid, "CLICK")
    codes(bench, openid, 4)
    ledger = bench.ledger()
    assert (ledger["accepted"], ledger["outside_window"], ledger["over_quota"]) == (3, 1, 1)
    assert ledger["refused"] == {"45015": 1, "45047": 1}


def test_a_passive_reply_costs_nothing(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    assert bench.window(openid)["message"] == {"left": 5, "until": 1_800_172_800}
