"""Retention and erasing over real HTTP, beside what works."""

import json

from flow.conftest import Slow
from flow.stage import Stage, senders
from flow.test_commands import run
from wxbot.delivery.erasing import erase
from wxbot.store import pushes
from wxbot.store.pushes import Arrival
from wxbot.wiring import keep_of

DAY = 86_400.0


def test_a_sender_deletes_what_is_old_and_erases_who_unfollowed(still: Stage) -> None:
    stays, leaves = still.user(), still.user()
    for user in (leaves, stays):
        still.say(user, "late news")
    still.act(leaves, "unsubscribe")
    still.clock.advance(40 * DAY)
    store = still.store()
    store.write(lambda tx: pushes.insert(tx, Arrival("default", "new", stays, still.clock.now(), b"<xml/>")))
    store.close()

    with senders(still.settings, still.clock, 1):
        still.until_equal([("new",)], lambda: still.rows("SELECT push_key FROM pushes"))
        still.until_equal([(stays,)], lambda: still.rows("SELECT openid FROM contacts"))
        still.until_equal([(stays, "held")], lambda: still.rows("SELECT openid, state FROM followups"))


def test_days_of_the_settings_are_seconds_at_work(still: Stage) -> None:
    keep = keep_of(still.settings)

    young, old = 70 * DAY, 10 * DAY
    kept = {
        "pushes": young,
        "follow_ups": old,
        "publications": old,
        "plans": young,
        "unfollowed": young,
        "media": old,
    }
    assert keep.until(100 * DAY) == kept


def test_export_prints_one_document_and_erase_leaves_nothing(still: Stage) -> None:
    user, other = still.user(), still.user()
    for one in (user, other):
        still.say(one, "late news")

    told = json.loads(run(still, "export", user).stdout)
    done = run(still, "erase", user, "--yes")

    assert (told["openid"], len(told["pushes"]), len(told["followups"])) == (user, 1, 1)
    assert "late news" in told["pushes"][0]["body"]
    assert done.returncode == 0, done.stderr
    assert user not in done.stdout
    assert still.rows("SELECT openid FROM contacts") == [(other,)]
    for command in (["export", user], ["erase", user, "--yes"]):
        gone = run(still, *command)
        assert (gone.returncode, "nothing is kept of" in gone.stderr) == (1, True)


def test_erase_asks_first_and_no_answer_is_no(still: Stage) -> None:
    user = still.user()
    still.say(user, "hello")

    assert run(still, "erase", user).returncode == 1
    assert still.rows("SELECT openid FROM contacts") == [(user,)]


def erased(stage: Stage, openid: str) -> int:
    store = stage.store()
    try:
        return erase(store, "default", openid, stage.clock.now())
    finally:
        store.close()


def follow_ups_of(stage: Stage, openid: str) -> list[object]:
    return stage.rows(f"SELECT id FROM followups WHERE openid = '{openid}'")


def test_who_is_erased_while_a_message_is_on_its_way_costs_the_sender_nothing(hasty: Stage) -> None:
    user, other = hasty.user(), hasty.user()
    hasty.fault("hang")
    hasty.say(user, "plan 1")
    hasty.clock.advance(2)
    hasty.until(lambda: "sending" in hasty.states())

    assert erased(hasty, user) > 0
    hasty.say(other, "plan 1")
    hasty.clock.advance(2)

    hasty.until(lambda: "news 0" in hasty.shown(other))
    assert follow_ups_of(hasty, user) == []
    hasty.say(user, "back")
    assert hasty.rows(f"SELECT message_left FROM contacts WHERE openid = '{user}'") == [(5,)]


def test_who_is_erased_while_their_handler_runs_gets_no_late_answer(stage: Stage, slow: Slow) -> None:
    user, other = stage.user(), stage.user()
    stage.say(user, "slow")
    stage.until(lambda: stage.rows("SELECT state FROM pushes") == [("handed_off",)])

    assert erased(stage, user) > 0
    stage.say(other, "slow")
    slow.go.set()

    stage.until(lambda: "慢答案" in stage.shown(other))
    assert follow_ups_of(stage, user) == []
    assert "慢答案" not in stage.shown(user)
