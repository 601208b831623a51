"""One rival that sends: `python callers.py KIND ADDRESS COUNT` prints its CPU in microseconds for a message.

Run by the Python of the rival's own environment, so that it imports nothing of ours. Nothing is stored.
"""

import json
import sys
import time
from collections.abc import Callable

_PATH = "/cgi-bin/message/custom/send"
_TEXT = "CA1501 14:05"
_WARM = 200  # messages before it counts
Call = Callable[[str], object]


def _wechatpy(address: str) -> Call:
    from wechatpy import WeChatClient

    class Client(WeChatClient):
        API_BASE_URL = f"{address}/cgi-bin/"

    client = Client("wx1", "secret", access_token="token")
    return lambda openid: client.message.send_text(openid, _TEXT)


def _werobot(address: str) -> Call:
    from werobot.client import Client

    class Here(Client):
        def request(self, method: str, url: str, **kwargs: object) -> object:
            return super().request(method, url.replace("https://api.weixin.qq.com", address), **kwargs)

    client = Here({"APP_ID": "wx1", "APP_SECRET": "secret"})
    client._token, client.token_expires_at = "token", int(time.time()) + 7200
    return lambda openid: client.send_text_message(openid, _TEXT)


def _requests(address: str) -> Call:
    import requests

    session = requests.Session()
    return lambda openid: session.post(
        address + _PATH, params={"access_token": "token"}, data=_body(openid), timeout=8
    ).json()


def _urllib3(address: str) -> Call:
    import urllib3

    pool = urllib3.PoolManager()
    url = f"{address}{_PATH}?access_token=token"
    return lambda openid: pool.request("POST", url, body=_body(openid), timeout=8).json()


def _body(openid: str) -> bytes:
    message = {"touser": openid, "msgtype": "text", "text": {"content": _TEXT}}
    return json.dumps(message, ensure_ascii=False).encode()


_KINDS = {"wechatpy": _wechatpy, "werobot": _werobot, "requests": _requests, "urllib3": _urllib3}


def main(kind: str, address: str, count: int) -> None:
    """Send to `count` users, one after another, and print what each took."""
    call = _KINDS[kind](address)
    for number in range(_WARM):
        call(f"oWarm{number}")
    before = time.process_time()
    for number in range(count):
        call(f"oUser{number}")
    print((time.process_time() - before) / count * 1e6)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
