"""What a user or the platform did, as typed values with the platform's own field names.

The platform mixes styles in event names (`SCAN`, `subscribe`), so they are compared lower-cased.
Source: docs/platform.md §2.3.
"""

from dataclasses import dataclass

from wxbot.protocol.messages import Push, digest
from wxbot.protocol.wire import Fields, children_of, number, text_of


def _inner(fields: Fields, element: str, name: str) -> str:
    found = children_of(fields, element)
    return text_of(found[0], name) if found else ""


def _behind(key: str, prefix: str) -> str:
    return key.removeprefix(prefix) if key.startswith(prefix) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Push):
    """Anything that happened. `Event` keeps the platform's mixed case; compare it lower-cased."""

    Event: str
    EventKey: str = ""

    @property
    def key(self) -> str:
        """OpenID, CreateTime, Event, EventKey and a digest: events of one second differ by their fields."""
        return "|".join(
            (
                "e",
                self.FromUserName,
                str(self.CreateTime),
                self.Event[:64],
                self.EventKey[:64],
                digest(self.fields),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    """An event this version does not know: see `fields`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeEvent(Event):
    """A user follows; through a QR code `scene` is its scene."""

    Ticket: str = ""

    @property
    def scene(self) -> str:
        """The QR scene, `""` for a plain follow."""
        return _behind(self.EventKey, "qrscene_")

    @property
    def trade_no(self) -> str:
        """The order after whose payment the user follows, `""` for none."""
        return _behind(self.EventKey, "last_trade_no_")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribeEvent(Event):
    """A user leaves: nothing more may be sent, and the platform asks that their data be deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanEvent(Event):
    """A follower scans a QR code; `EventKey` is the scene."""

    Ticket: str = ""

    @property
    def scene(self) -> str:
        """The QR scene, by the same name as on a follow."""
        return self.EventKey


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationEvent(Event):
    """Where the user is, on entering the chat or every five seconds in it."""

    Latitude: float = 0.0
    Longitude: float = 0.0
    Precision: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickEvent(Event):
    """A tap on our menu; `EventKey` is the key we gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewEvent(Event):
    """A menu link was opened; `EventKey` is its URL, or the page of a mini program."""

    MenuId: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanCodeEvent(Event):
    """A code scanned through the menu (`scancode_push`, `scancode_waitmsg`)."""

    @property
    def ScanType(self) -> str:
        """The kind of code, for example `qrcode` or `barcode`."""
        return _inner(self.fields, "ScanCodeInfo", "ScanType")

    @property
    def ScanResult(self) -> str:
        """What the code says."""
        return _inner(self.fields, "ScanCodeInfo", "ScanResult")


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesEvent(Event):
    """Pictures chosen through the menu (`pic_sysphoto` and its kin); they follow as messages."""

    @property
    def Count(self) -> int:
        """How many pictures were chosen."""
        return int(number(_inner(self.fields, "SendPicsInfo", "Count")))

    @property
    def PicMd5Sum(self) -> list[str]:
        """The digest of each picture, in order."""
        return [text_of(item, "PicMd5Sum") for item in children_of(self.fields, "SendPicsInfo", "PicList", "item")]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSelectEvent(Event):
    """A place chosen through the menu; a location message follows."""

    @property
    def Location_X(self) -> float:
        """Latitude in degrees."""
        return number(_inner(self.fields, "SendLocationInfo", "Location_X"))

    @property
    def Location_Y(self) -> float:
        """Longitude in degrees."""
        return number(_inner(self.fields, "SendLocationInfo", "Location_Y"))

    @property
    def Scale(self) -> str:
        """The map's scale."""
        return _inner(self.fields, "SendLocationInfo", "Scale")

    @property
    def Label(self) -> str:
        """The address."""
        return _inner(self.fields, "SendLocationInfo", "Label")

    @property
    def Poiname(self) -> str:
        """The place's name."""
        return _inner(self.fields, "SendLocationInfo", "Poiname")


TAPS = (ClickEvent, ScanCodeEvent, PicturesEvent, LocationSelectEvent)  # on buttons that have a key


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSessionEvent(Event):
    """A human agent takes or leaves the user (`kf_create_session`, `kf_close_session`)."""

    KfAccount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSwitchEvent(Event):
    """The user passes from one human agent to another."""

    FromKfAccount: str = ""
    ToKfAccount: str = ""
