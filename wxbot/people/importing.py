"""The import of all followers: page by page, a hundred people at a time, and on from there after a kill.

It opens no window: what may be sent to whom is what their pushes granted.
"""

from collections.abc import Callable
from dataclasses import replace

from wxbot.clock import Clock
from wxbot.errors import Refused
from wxbot.platform.followers import BATCH, Followers, Page, Person
from wxbot.protocol.wire import printable
from wxbot.store import followers as kept
from wxbot.store.engine import Store, Transaction
from wxbot.store.followers import Follower, Progress, Tag

Tell = Callable[[int, int], None]  # how many are done, of how many

_UNKNOWN_OPENID = 40003


class Import:
    """One account's import. Raises as the platform's calls do; what is done till then need not be done again."""

    def __init__(self, store: Store, clock: Clock, followers: Followers, account: str) -> None:
        self._store, self._clock, self._followers, self._account = store, clock, followers, account

    def waiting(self) -> Progress | None:
        """Return where an import that was not finished stands."""
        at = self._store.read(lambda tx: kept.progress(tx, self._account))
        return at if at is not None and at.finished_at is None else None

    def run(self, tell: Tell, *, anew: bool = False) -> Progress:
        """Import all, from where the last one stopped unless `anew`; return how far it came."""
        at = (None if anew else self.waiting()) or self._begin()
        while (page := self._page(at)).openids:
            at = self._keep_page(at, page, tell)
            if not page.after:
                break
            at = self._move(at, replace(at, page=page.after, cursor=""))
        self._store.write(lambda tx: kept.finish(tx, self._account, self._clock.now()))
        return at

    def _begin(self) -> Progress:
        tags = [Tag(one.id, printable(one.name), one.count) for one in self._followers.tags()]

        def work(tx: Transaction) -> None:
            kept.keep_tags(tx, self._account, tags)
            kept.begin(tx, self._account, self._clock.now())

        self._store.write(work)
        return Progress("", "", 0, 0, self._clock.now(), None)

    def _page(self, at: Progress) -> Page:
        try:
            return self._followers.page(at.page)
        except Refused as exc:
            if exc.errcode != _UNKNOWN_OPENID or not at.page:
                raise
        return self._followers.page("")  # the page's first neighbour has left: begin again, nothing is done twice

    def _keep_page(self, at: Progress, page: Page, tell: Tell) -> Progress:
        seen = page.openids.index(at.cursor) + 1 if at.cursor in page.openids else 0
        for start in range(seen, len(page.openids), BATCH):
            batch = page.openids[start : start + BATCH]
            asked = self._clock.now()
            people = [_follower(one, asked) for one in self._followers.told(batch) if one.follows]
            further = replace(at, cursor=batch[-1], done=at.done + len(batch), total=page.total)
            at = self._move(at, further, people, asked)
            tell(at.done, at.total)
        return at

    def _move(
        self, at: Progress, further: Progress, people: list[Follower] | None = None, asked: float = 0
    ) -> Progress:
        def work(tx: Transaction) -> None:
            kept.move(tx, self._account, at, further)
            kept.keep(tx, self._account, people or [], asked)

        self._store.write(work)
        return further


def _follower(one: Person, asked: float) -> Follower:
    return Follower(one.openid, float(one.since or asked), printable(one.remark), one.tags, printable(one.unionid))
