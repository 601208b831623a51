"""Somebody at the console: a signed-in HTTP session that posts forms as a browser does."""

import html
import re
from dataclasses import dataclass

import requests

from flow.stage import Stage
from wxbot.store import console_users as users
from wxbot.store.console_users import Role

PASSWORD = "correct horse battery"
HASHED = users.hash_password("nobody", PASSWORD)  # once: it takes 60 ms
_TAG = re.compile(r"<[^>]*>")
_MORE = re.compile(r'class="more"><a href="([^"]+)"')
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def let_in(stage: Stage, name: str, role: Role, account: str | None = None) -> None:
    """Make a user whose password is PASSWORD."""
    store = stage.store()
    store.write(lambda tx: users.add(tx, name, HASHED, role, account, stage.clock.now()))
    store.close()


@dataclass
class Person:
    """Who sits there; paths are those within the console."""

    base: str
    session: requests.Session

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.session.get(self.base + path, headers=headers, timeout=10, allow_redirects=False)

    def page(self, path: str) -> str:
        """The text of a page that is there."""
        answer = self.get(path)
        assert answer.status_code == 200, (answer.status_code, answer.text[:500])
        return answer.text

    def text(self, path: str) -> str:
        """What a page says, without its markup."""
        return " ".join(html.unescape(_TAG.sub(" ", self.page(path))).split())

    def more(self, path: str) -> str:
        """Where the list of a page goes on, "" at its end."""
        found = _MORE.search(self.page(path))
        return html.unescape(found[1]) if found else ""

    def token(self, path: str = "/") -> str:
        answer = self.session.get(self.base + path, timeout=10)
        found = _TOKEN.search(answer.text)
        assert found, answer.text[:500]
        return found[1]

    def post(self, path: str, **fields: str) -> requests.Response:
        """Post a form with the token of the page that holds one."""
        fields = {"csrf_token": self.token(), **fields}
        return self.session.post(self.base + path, data=fields, timeout=10, allow_redirects=False)

    def sign_in(self, name: str, password: str = PASSWORD) -> requests.Response:
        return self.post("/sign-in", name=name, password=password)


def somebody(stage: Stage) -> Person:
    """A browser in which nobody has signed in."""
    return Person(stage.webhook.removesuffix("/wechat") + "/console", requests.Session())


def person(stage: Stage, name: str = "ann", role: Role = "owner", account: str | None = None) -> Person:
    """Somebody of this role who has signed in."""
    let_in(stage, name, role, account)
    one = somebody(stage)
    answer = one.sign_in(name)
    assert answer.status_code == 303, answer.text[:500]
    return one
