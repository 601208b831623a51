"""Tags: who carries which, brought into the store from the platform, which has the last word."""

from collections.abc import Callable, Iterator, Sequence

from wxbot.platform.followers import TAGGED, Followers
from wxbot.protocol.wire import printable
from wxbot.store import followers as kept
from wxbot.store.engine import Store
from wxbot.store.followers import Tag

Tell = Callable[[int, int], None]  # how many openids are asked for, of how many

_SLICE = 1000  # contacts in one transaction


class Tagging:
    """One account's tags."""

    def __init__(self, store: Store, followers: Followers, account: str) -> None:
        self._store, self._followers, self._account = store, followers, account

    def names(self) -> list[Tag]:
        """Ask for the tags, keep them and return them."""
        found = [Tag(one.id, printable(one.name), one.count) for one in self._followers.tags()]
        self._store.write(lambda tx: kept.keep_tags(tx, self._account, found))
        return found

    def sync(self, tell: Tell = lambda done, total: None) -> int:
        """Give every contact the tags that they carry there; return how many contacts changed.

        Nothing is changed before all are known: one that was stopped is begun again.
        """
        carried: dict[str, list[int]] = {}
        tags, done = self.names(), 0
        total = sum(tag.count for tag in tags)
        for tag in tags:
            for page in self._carrying(tag.id):
                for openid in page:
                    carried.setdefault(openid, []).append(tag.id)
                done += len(page)
                tell(done, max(done, total))
        changed, slice_ = 0, self._retag(carried, "")
        while slice_ is not None:
            changed += slice_[1]
            slice_ = self._retag(carried, slice_[0])
        return changed

    def _retag(self, carried: dict[str, list[int]], after: str) -> tuple[str, int] | None:
        return self._store.write(lambda tx: kept.retag(tx, self._account, carried, after, _SLICE))

    def _carrying(self, tag: int) -> Iterator[Sequence[str]]:
        page = self._followers.tagged(tag, "")
        while page.openids:
            yield page.openids
            if not page.after:
                break
            page = self._followers.tagged(tag, page.after)

    def put(self, tag: int, openids: Sequence[str], *, carried: bool) -> None:
        """Give a tag to people, or take it from them; in the store after the next import or sync."""
        for start in range(0, len(openids), TAGGED):
            self._followers.tag(tag, openids[start : start + TAGGED], carried=carried)
