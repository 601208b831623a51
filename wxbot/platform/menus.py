"""The account's menus as calls, and a push of all of them that is done as a whole or not at all.

Calls raise Refused, Unanswered, or NoToken. Source: docs/platform.md §9.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from wxbot.errors import Refused, SendFailed, Unanswered
from wxbot.platform.client import Client
from wxbot.protocol.menu import Buttons, Conditional, Menu, kept, of_answer
from wxbot.protocol.outgoing import dumps

_NO_MENU = 46003
_MOST = 1024 * 1024  # bytes of an answer: conditional menus may be many


class Menus:
    """One account's calls."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self) -> Menu:
        """Return the menus that were made by this interface; one made by hand in the console is not told."""
        try:
            return of_answer(self._client.ask("/cgi-bin/menu/get", most=_MOST))
        except Refused as exc:
            if exc.errcode != _NO_MENU:
                raise
        return Menu(())

    def create(self, buttons: Buttons) -> None:
        """Make or replace the default menu."""
        self._client.accepted("/cgi-bin/menu/create", dumps({"button": buttons}).encode())

    def delete(self) -> None:
        """Delete the default menu, and with it every conditional one."""
        self._client.ask("/cgi-bin/menu/delete")

    def add(self, one: Conditional) -> str:
        """Make a conditional menu, which will be tried before all others; return its menuid."""
        body = dumps({"button": one.buttons, "matchrule": one.matchrule}).encode()
        menuid = self._client.call("/cgi-bin/menu/addconditional", body).get("menuid")
        if not menuid:
            raise Unanswered("an answer without a menuid", delivered_maybe=True)
        return str(menuid)

    def remove(self, menuid: str) -> None:
        """Delete a conditional menu."""
        self._client.accepted("/cgi-bin/menu/delconditional", dumps({"menuid": menuid}).encode())


@dataclass
class Push:
    """Makes the platform's menus those of a file.

    New ones are made before old ones go, so that nobody sees less in between. When a step fails, `undone` tells
    what was taken back, and `left` what could not be: another push mends that.
    """

    menus: Menus
    done: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def run(self, ours: Menu, theirs: Menu) -> None:
        """Change what differs; raises as the calls do, with what was made before taken back."""
        back: list[tuple[str, Callable[[], object]]] = []
        stay = kept(ours.conditional, theirs.conditional)
        try:
            if not theirs.buttons:  # without it the platform takes no conditional one
                self._default(ours, theirs, back)
            for one in reversed(ours.conditional[: len(ours.conditional) - stay]):
                self._add(one, back)
            if theirs.buttons and ours.buttons != theirs.buttons:
                self._default(ours, theirs, back)
        except SendFailed:
            self._take_back(back)
            raise
        for one in theirs.conditional[: len(theirs.conditional) - stay]:
            self.menus.remove(one.menuid)
            self.done.append(f"removed the old menu for {one.name}")

    def _default(self, ours: Menu, theirs: Menu, back: list[tuple[str, Callable[[], object]]]) -> None:
        self.menus.create(ours.buttons)
        self.done.append(f"{'replaced' if theirs.buttons else 'made'} the default menu")
        undo = (lambda: self.menus.create(theirs.buttons)) if theirs.buttons else self.menus.delete
        back.append(("the default menu", undo))

    def _add(self, one: Conditional, back: list[tuple[str, Callable[[], object]]]) -> None:
        menuid = self.menus.add(one)
        self.done.append(f"made the menu for {one.name}")
        back.append((f"the new menu for {one.name}", lambda: self.menus.remove(menuid)))

    def _take_back(self, back: list[tuple[str, Callable[[], object]]]) -> None:
        for name, undo in reversed(back):
            try:
                undo()
                self.undone.append(name)
            except SendFailed:
                self.left.append(name)
