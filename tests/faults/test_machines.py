"""Web nodes and senders on machines of their own that share one PostgreSQL: one dies, one is cut off."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.deployment import GUNICORN, Deployment, Surroundings, deployed, is_ready
from benchmarks.link import Link
from benchmarks.machines import Machine, machines
from benchmarks.postgres import Server

WEBS, SENDERS, THREADS, USERS, EACH, RATE = 3, 4, 2, 8, 12, 40
WAITING = "SELECT count(*) FROM followups WHERE state IN ('scheduled', 'queued', 'claimed', 'sending')"


def _on(place: Deployment, machine: Machine, *module: str) -> Any:
    environment = {"WXBOT_BIND": f"{machine.address}:8000", "WXBOT_RATE": str(RATE)}
    through = machine.database.of(place.url)
    place.before = machine.prefix
    return place.start(*module, WXBOT_DATABASE_URL=through, **environment)


def _write(place: Deployment, user: str, numbers: range) -> list[Any]:
    url = f"/sim/users/{user}/actions"
    return [place.post(url, {"type": "text", "content": f"order {number}"}) for number in numbers]


def _arrived(place: Deployment, users: list[str]) -> "tuple[Counter[tuple[str, str]], list[float]]":
    phones = [(user, place.get(f"/sim/users/{user}/phone")["items"]) for user in users]
    items = [(user, item) for user, each in phones for item in each if item["via"] == "custom"]
    return Counter((user, item["text"]) for user, item in items), sorted(item["at"] for _, item in items)


def test_three_webs_and_four_senders_lose_one_by_kill_and_one_by_its_cable_and_no_message(
    postgresql: Server, tmp_path: Path
) -> None:
    url = postgresql.fresh()
    with machines(WEBS + SENDERS, postgresql.socket) as (host, all_of_them):
        given = Surroundings(sender={"threads": THREADS, "lease": 4.5, "request_limit": 1.0}, host=host)
        webs, outs = all_of_them[:WEBS], all_of_them[WEBS:]
        front = Link([(web.address, 8000) for web in webs], host)
        with deployed(url, tmp_path, given) as place, ThreadPoolExecutor(USERS) as pool:
            place.post("/sim/settings", {"webhook": f"http://{host}:{front.port}/wechat"})
            web = [_on(place, one, *GUNICORN) for one in webs]
            sender = [_on(place, one, "wxbot.cli", "sender") for one in outs]
            place.until(lambda: all(is_ready(f"{one.address}:8000") for one in webs))
            users = [place.post("/sim/users")["openid"] for _ in range(USERS)]

            told = list(pool.map(lambda user: _write(place, user, range(EACH)), users))
            going = [pool.submit(_write, place, user, range(EACH, 2 * EACH)) for user in users]
            place.kill(web[0])
            place.kill(sender[0])
            webs[1].cut_off()
            outs[1].cut_off()
            told = [first + rest.result() for first, rest in zip(told, going, strict=True)]
            outs[1].join()
            webs[1].join()
            place.until(lambda: place.rows(WAITING) == [(0,)])

            arrived, times = _arrived(place, users)
            [(parked,)] = place.rows("SELECT count(*) FROM followups WHERE state = 'doubtful'")
            assert [len(each) for each in told] == [2 * EACH] * USERS
            assert all(one["reply"] for each in told for one in each)
            assert set(arrived.values()) == {1}
            assert len(arrived) + parked >= USERS * 2 * EACH
            assert place.get("/sim/ledger")["out_of_order"] == 0
            assert place.get("/sim/ledger")["token_fetches"] == 1
            in_a_second = max(sum(0 <= other - one < 1 for other in times) for one in times)
            # A bucket of one second for all senders together, and what each thread had in hand as the second began.
            assert in_a_second <= 2 * RATE + SENDERS * THREADS

            place.post("/sim/faults", {"path": "/cgi-bin/message/custom/send", "kind": "errcode", "errcode": 45009})
            list(pool.map(lambda user: _write(place, user, range(2 * EACH, 2 * EACH + 3)), users))
            place.until(lambda: place.rows("SELECT errcode FROM gates") == [(45009,)])
            place.until(lambda: place.rows("SELECT count(*) FROM followups WHERE state = 'sending'") == [(0,)])
            assert place.get("/sim/ledger")["refused"]["45009"] <= 2 * SENDERS  # what was under way already
        front.close()
    postgresql.drop(url)
