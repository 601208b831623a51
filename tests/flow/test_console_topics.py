"""Topics in the console: who subscribes, what is published, and moving a plan."""

import re
from urllib.parse import quote

import pytest

from flow.console_bench import Person, person
from flow.hostile_texts import HOSTILE
from flow.stage import Stage, staged
from flow.test_console_hostile import harmful
from wxbot.delivery import plans
from wxbot.reply.bot import Bot
from wxbot.reply.plan import Plan, PlanChange, notice, step
from wxbot.store import contacts, topics
from wxbot.store.engine import Transaction

NAME = "flight:CA1501:2027-01-15"
LIST = "/default/topics"
PLACE = f"{LIST}/{NAME}"
HOUR = 3600


def write(stage: Stage, work: object) -> None:
    store = stage.store()
    store.write(work)  # type: ignore[arg-type]
    store.close()


def subscriber(stage: Stage, name: str = NAME) -> str:
    """Somebody who can be reached, and subscribes."""
    openid = stage.user()
    stage.say(openid, "hello")
    write(stage, lambda tx: topics.subscribe(tx, "default", name, openid, stage.clock.now()))
    return openid


def plan_it(stage: Stage, moment: float | None = None) -> None:
    plan = Plan(
        name="flight",
        steps=[
            step("checkin", "T-2h", "{{flight}} 开始值机"),
            step("boarding", "T-40m", "请前往 {{gate}}", priority="decisive"),
        ],
        moved=notice("时间有变化"),
        changed={"gate": notice("登机口改为 {{gate}}")},
    )
    when = moment or stage.clock.now() + 5 * HOUR
    change = PlanChange(topic=NAME, plan=plan, moment=when, facts={"flight": "CA1501"})

    def work(tx: Transaction) -> None:
        plans.change(tx, "default", change, stage.clock.now())

    write(stage, work)


def form_of(ann: Person, path: str = PLACE) -> dict[str, str]:
    """What the plan's form holds as it is shown."""
    fields = re.findall(r'name="((?:was_)?moment|(?:fact|was):\w+)"[^>]*?value="([^"]*)"', ann.page(path))
    return dict(fields)


def test_topics_are_listed_by_name_with_their_subscribers_and_plans(still: Stage) -> None:
    subscriber(still)
    subscriber(still)
    subscriber(still, "news")
    plan_it(still)
    ann = person(still, role="operator")

    text = ann.text(LIST)

    assert f"{NAME} 计划" in text
    assert text.index("2 人订阅") < text.index("news") < text.index("1 人订阅")
    assert "news" not in ann.text(f"{LIST}?q=flight:")
    assert "没有以此开头的主题" in ann.text(f"{LIST}?q=CA1501")


def test_a_list_longer_than_a_page_goes_on_and_shows_every_topic_once(still: Stage) -> None:
    openid = still.user()
    still.say(openid, "hello")
    names = [f"topic-{number:03d}" for number in range(120)]

    def work(tx: Transaction) -> None:
        for name in names:
            topics.subscribe(tx, "default", name, openid, still.clock.now())

    write(still, work)
    ann = person(still)
    shown: list[str] = []
    path = f"{LIST}?q=topic-"
    for _ in range(3):
        shown += re.findall(r"topic-\d{3}(?=</span>)", ann.page(path))
        path = LIST + ann.more(path)

    assert shown == names


def test_only_operators_see_topics_and_change_them(still: Stage) -> None:
    subscriber(still)
    bob = person(still, "bob", "agent")

    assert "/default/topics" not in bob.page("/default/conversations")
    assert bob.get(LIST).status_code == 403
    assert bob.get(PLACE).status_code == 403
    for deed in ("publish", "subscribe", "unsubscribe", "plan", "plan/cancel"):
        assert bob.post(f"{PLACE}/{deed}", text="hi", nonce="1", openid="o").status_code == 403
    assert still.rows("SELECT * FROM publications") == []


def test_no_form_works_without_its_token(still: Stage) -> None:
    subscriber(still)
    plan_it(still)
    ann = person(still)

    for deed in ("publish", "subscribe", "unsubscribe", "plan", "plan/cancel"):
        answer = ann.session.post(ann.base + f"{PLACE}/{deed}", data={"text": "hi"}, timeout=10)
        assert answer.status_code == 400
    assert len(still.rows("SELECT * FROM plans")) == 1


def test_another_accounts_topics_are_not_there(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as stage:
        subscriber(stage)
        bob = person(stage, "bob", "owner", account="second")

        assert bob.get(LIST).status_code == 404
        assert bob.get(PLACE).status_code == 404
        assert bob.post(f"{PLACE}/publish", text="hi", nonce="1").status_code == 404


@pytest.mark.parametrize("name", ["unknown", "..", "a b", "x" * 129, "<script>"])
def test_a_topic_that_nobody_knows_has_no_page(still: Stage, name: str) -> None:
    subscriber(still)

    assert person(still).get(f"{LIST}/{quote(name, safe='')}").status_code == 404


def test_what_is_published_arrives_and_is_noted(stage: Stage) -> None:
    openid = subscriber(stage)
    ann = person(stage, role="operator")
    assert "1 人订阅；现在能送达 1 人" in ann.text(PLACE)

    answer = ann.post(f"{PLACE}/publish", text="登机口 C23", at="", priority="decisive", nonce="1")

    assert answer.status_code == 303
    stage.until_equal(["登机口 C23"], lambda: stage.shown(openid, "custom"))
    text = ann.text(PLACE)
    assert "登机口 C23" in text
    assert "已生成 1 条" in text
    assert stage.rows("SELECT name, action, target FROM audit WHERE action = 'publish'") == [
        ("ann", "publish", NAME)
    ]


def test_a_form_sent_twice_publishes_once(still: Stage) -> None:
    subscriber(still)
    ann = person(still)

    for _ in range(2):
        assert ann.post(f"{PLACE}/publish", text="once", nonce="same").status_code == 303

    assert len(still.rows("SELECT id FROM publications")) == 1
    assert len(still.rows("SELECT id FROM audit WHERE action = 'publish'")) == 1


def test_a_publication_waits_for_its_local_time(still: Stage) -> None:
    subscriber(still)
    ann = person(still)

    ann.post(f"{PLACE}/publish", text="later", at="2027-01-15T20:30", nonce="1")  # in Asia/Shanghai

    assert still.rows("SELECT due_at FROM publications") == [(1_800_016_200.0,)]
    assert "20:30" in ann.text(PLACE)
    assert "已计划" in ann.text(PLACE)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"text": " "}, "内容是空的"),
        ({"text": "汉" * 683}, "共 2049 字节"),
        ({"text": "hi", "at": "yesterday"}, "时间填写不正确"),
        ({"text": "hi", "at": "2027-01-15"}, "时间填写不正确"),
        ({"text": "hi", "at": "9999-12-31T23:59"}, "时间填写不正确"),
        ({"text": "hi", "at": "2027-01-15T15:50"}, "这个时间已经过去"),
    ],
)
def test_what_cannot_be_published_is_refused_in_words_and_kept(
    still: Stage, fields: dict[str, str], why: str
) -> None:
    subscriber(still)

    answer = person(still).post(f"{PLACE}/publish", **fields, nonce="1")

    assert answer.status_code == 422
    assert why in answer.text
    assert fields["text"].strip() in answer.text
    assert still.rows("SELECT * FROM publications") == []


def test_a_topic_that_only_has_a_plan_cannot_be_published_to(still: Stage) -> None:
    plan_it(still)

    answer = person(still).post(f"{PLACE}/publish", text="hi", nonce="1")

    assert answer.status_code == 422
    assert "还没有人订阅过" in answer.text


def test_somebody_is_subscribed_and_let_go(still: Stage) -> None:
    subscriber(still)
    openid = still.user()
    still.say(openid, "hello")
    ann = person(still, role="operator")

    assert ann.post(f"{PLACE}/subscribe", openid=openid).status_code == 303
    assert openid in ann.page(PLACE)
    assert ann.post(f"{PLACE}/unsubscribe", openid=openid).status_code == 303

    assert openid not in ann.page(PLACE)
    deeds = still.rows("SELECT action, openid, target FROM audit WHERE openid IS NOT NULL ORDER BY id")
    assert deeds == [("subscribe", openid, NAME), ("unsubscribe", openid, NAME)]


def test_strangers_and_who_left_are_not_subscribed(still: Stage) -> None:
    subscriber(still)
    left = still.user()
    still.say(left, "hello")
    still.act(left, "unsubscribe")
    ann = person(still)

    for openid, why in (("oStranger", "没有这个 OpenID"), (left, "已取消关注")):
        answer = ann.post(f"{PLACE}/subscribe", openid=openid)
        assert answer.status_code == 422
        assert why in answer.text
        assert f'value="{openid}"' in answer.text
    assert len(still.rows("SELECT * FROM subscriptions")) == 1


def test_a_plan_is_shown_with_its_steps_and_what_they_wait_for(still: Stage) -> None:
    plan_it(still)

    text = person(still).text(PLACE)

    assert "开始值机" in text
    assert "等待 gate" in text
    assert "等信息" in text


def test_a_plan_is_moved_and_given_facts_and_all_of_it_follows(still: Stage) -> None:
    openid = subscriber(still)
    plan_it(still)
    ann = person(still, role="operator")
    form = form_of(ann)

    moved = ann.post(f"{PLACE}/plan", **{**form, "moment": "2027-01-15T22:00"}, name="gate", value="C23", tell="1")

    assert moved.status_code == 303
    due = {row[0]: row[1] for row in still.rows("SELECT step, due_at FROM publications WHERE key LIKE 'step:%'")}
    moment = 1_800_021_600.0
    assert due == {"checkin": moment - 2 * HOUR, "boarding": moment - 2400}
    assert "C23" in ann.text(PLACE)
    assert "时间有变化" in ann.text(PLACE)
    assert still.rows("SELECT details FROM audit WHERE action = 'move_plan'") == [("moment, gate",)]
    assert openid in ann.page(PLACE)


def test_moving_without_telling_publishes_no_notice(still: Stage) -> None:
    subscriber(still)
    plan_it(still)
    ann = person(still)

    ann.post(f"{PLACE}/plan", **{**form_of(ann), "moment": "2027-01-15T22:00"})

    assert still.rows("SELECT key FROM publications WHERE key LIKE 'news:%'") == []


def test_what_somebody_else_changed_meanwhile_is_not_set_back(still: Stage) -> None:
    plan_it(still)
    ann = person(still)
    old = form_of(ann)
    ann.post(f"{PLACE}/plan", **{**old, "fact:flight": "CA9"}, tell="1")

    ann.post(f"{PLACE}/plan", **old, name="gate", value="C1")

    assert form_of(ann)["fact:flight"] == "CA9"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"moment": "soon"}, "时间填写不正确"),
        ({"name": "no name", "value": "x"}, "不能这样"),
        ({"name": "gate", "value": "x" * 1001}, "内容太长"),
        ({}, "没有任何改动"),
    ],
)
def test_a_move_that_cannot_be_is_refused_and_kept(still: Stage, fields: dict[str, str], why: str) -> None:
    plan_it(still)
    ann = person(still)

    answer = ann.post(f"{PLACE}/plan", **{**form_of(ann), **fields})

    assert answer.status_code == 422
    assert why in answer.text
    assert all(f'value="{value}"' in answer.text for value in fields.values())
    assert still.rows("SELECT * FROM audit WHERE action = 'move_plan'") == []


def test_a_plan_is_cancelled_and_nothing_of_it_comes(still: Stage) -> None:
    subscriber(still)
    plan_it(still)
    ann = person(still, role="operator")

    assert ann.post(f"{PLACE}/plan/cancel").status_code == 303

    assert set(still.rows("SELECT state FROM publications")) <= {("cancelled",)}
    assert "取消计划" not in ann.page(PLACE)
    assert still.rows("SELECT action FROM audit WHERE action = 'cancel_plan'") == [("cancel_plan",)]
    assert ann.post(f"{PLACE}/plan/cancel").status_code == 404
    assert ann.post(f"{LIST}/unplanned/plan", name="gate", value="1").status_code == 404


def test_a_long_list_of_subscribers_goes_on(still: Stage) -> None:
    openids = [f"oUser{number:03d}" for number in range(60)]

    def work(tx: Transaction) -> None:
        for openid in openids:
            contacts.seen(tx, "default", openid, still.clock.now(), None)
            topics.subscribe(tx, "default", NAME, openid, still.clock.now())

    write(still, work)
    ann = person(still)

    first = re.findall(r'value="(oUser\d+)"', ann.page(PLACE))
    rest = re.findall(r'value="(oUser\d+)"', ann.page(PLACE + ann.more(PLACE)))

    assert [*first, *rest] == openids


def test_the_live_part_holds_no_token(still: Stage) -> None:
    subscriber(still)
    ann = person(still)

    for path in (LIST, PLACE):
        part = ann.get(path, **{"HX-Request": "true"})
        again = ann.get(path, **{"HX-Request": "true", "HX-PTag": part.headers["HX-PTag"]})
        assert "csrf_token" not in part.text
        assert (again.status_code, again.text) == (304, "")


@pytest.mark.parametrize("number", range(0, 300, 23))
def test_nothing_hostile_can_run(still: Stage, number: int) -> None:
    subscriber(still)
    plan_it(still)
    ann = person(still)
    text = HOSTILE[number]

    ann.post(f"{PLACE}/publish", text=text, nonce=str(number))
    ann.post(f"{PLACE}/plan", **{"name": "gate", "value": text})
    refused = [
        ann.post(f"{PLACE}/publish", text=text, at=text, nonce="2"),
        ann.post(f"{PLACE}/subscribe", openid=text),
        ann.post(f"{PLACE}/plan", moment=text, name=text, value=text),
    ]

    assert [answer.status_code for answer in refused] == [422] * 3
    pages = [ann.page(PLACE), ann.page(f"{LIST}?q={quote(text)}"), *(answer.text for answer in refused)]
    assert [found for page in pages for found in harmful(page)] == []
