"""Figure 7: every push comes three times at the same moment, to four processes.

Users write the same MsgIds as others in the same second, so that a key which is too narrow drops honest
pushes. The judge is the platform: each push has its follow-up on the phone, once.
"""

import http.client
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.deployment import Deployment, deployed
from benchmarks.figure import Figure, Run
from wxbot.protocol.signature import sign

_COPIES = 3
_TRIES = 3  # the platform's
_XML = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>{openid}</FromUserName><CreateTime>{created}</CreateTime>"
    "<MsgType>text</MsgType><Content>order {number}</Content><MsgId>{number}</MsgId></xml>"
)


@dataclass(frozen=True)
class _Copy:
    openid: str
    number: int
    nonce: int
    created: int


def storm(run: Run, figure: Figure) -> None:
    """Post all copies, and look at the answers' bytes and at what the users got."""
    each = run.size(50, 10)
    for url, folder in run.stores():
        with deployed(url, folder, run.surroundings()) as place:
            place.web(WXBOT_WORKERS="4")
            users = [place.post("/sim/users")["openid"] for _ in range(run.size(20, 5))]
            for openid in users:
                place.post(f"/sim/users/{openid}/actions", {"type": "text", "content": "hello"})
            created = int(time.time())
            copies = [
                _Copy(openid, number, nonce, created)
                for number in range(each)
                for openid in users
                for nonce in range(_COPIES)
            ]
            with ThreadPoolExecutor(24) as pool:
                answers = list(pool.map(lambda one: _post(place, one), copies))
            replies = defaultdict(set)
            for one, answer in zip(copies, answers, strict=True):
                replies[one.openid, one.number].add(answer)
            figure.count("messages", len(replies))
            figure.count("deliveries", len(copies))
            figure.count("unanswered", sum(b"" in given for given in replies.values()))
            figure.count("unequal replies", sum(len(given) > 1 for given in replies.values()))
            place.sender()
            _judge(place, figure, users, each)
    figure.judge("messages", at_least=2 * each * len(users))


def _post(place: Deployment, one: _Copy) -> bytes:
    """Return the answer's bytes; b"" when none of three deliveries got one."""
    stamp, nonce = str(int(time.time())), f"{one.openid}{one.number}{one.nonce}"
    token = place.environment["WXBOT_TOKEN"]
    query = urlencode({"signature": sign(token, stamp, nonce), "timestamp": stamp, "nonce": nonce})
    body = _XML.format(openid=one.openid, created=one.created, number=one.number)
    for _ in range(_TRIES):
        connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=5)
        try:
            connection.request("POST", f"/wechat?{query}", body)
            answer = connection.getresponse()
            content = answer.read()
        except OSError:
            continue
        finally:
            connection.close()
        if answer.status == 200:
            return content
    return b""


def _judge(place: Deployment, figure: Figure, users: list[str], each: int) -> None:
    look = "SELECT count(*) FROM followups WHERE state IN ('scheduled', 'queued', 'claimed', 'sending')"
    place.until(lambda: place.rows(look) == [(0,)], 180)
    wanted = {f"order {number} is on its way #{number}" for number in range(each)}
    for openid in users:
        shown = [i["text"] for i in place.get(f"/sim/users/{openid}/phone")["items"] if i["via"] == "custom"]
        figure.count("done twice", len(shown) - len(set(shown)))
        figure.count("wrongly dropped", len(wanted - set(shown)))
    for name in ("unanswered", "unequal replies", "done twice", "wrongly dropped"):
        figure.judge(name, at_most=0)
