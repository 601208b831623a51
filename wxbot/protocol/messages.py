"""What a user wrote to us, as typed values with the platform's own field names.

Every value keeps all fields it came with in `fields`, so nothing unknown is lost.
Source: docs/platform.md §2.1, §2.2.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field

from wxbot.protocol.wire import Fields

_MSGID = re.compile(r"[0-9]{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What all pushes share. `CreateTime` is whole Unix seconds on the platform's clock."""

    ToUserName: str  # our account, `gh_…`
    FromUserName: str  # the user's OpenID
    CreateTime: int
    MsgType: str
    fields: Fields = field(repr=False)

    @property
    def openid(self) -> str:
        """The user's OpenID: `FromUserName` by its other name."""
        return self.FromUserName

    @property
    def key(self) -> str:
        """What tells this push from every other of its account, and is the same in a redelivery.

        MsgId alone is not enough: it has been seen to collide between users.
        """
        return "|".join(("?", self.FromUserName, str(self.CreateTime), self.MsgType, digest(self.fields)))


def digest(fields: Fields) -> str:
    """Return 128 bits of hex over the decrypted fields, alike for equal fields in any order.

    `Encrypt` is left out: in compatible mode it stands beside the plain fields, new in each delivery.
    """
    plain = {name: value for name, value in fields.items() if name != "Encrypt"}
    canonical = json.dumps(plain, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return hashlib.sha256(canonical).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Push):
    """Anything a user wrote. `MsgId` is 16 to 19 digits, kept as text."""

    MsgId: str = ""
    MsgDataId: str = ""
    Idx: str = ""

    @property
    def key(self) -> str:
        """OpenID, MsgId and CreateTime; the fields' digest when there is no MsgId, or an odd one."""
        msgid = self.MsgId if _MSGID.fullmatch(self.MsgId) else digest(self.fields)
        return "|".join(("m", self.FromUserName, msgid, str(self.CreateTime)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage(Message):
    """A text; `bizmsgmenuid` is set when it came from tapping an item of a `msgmenu`."""

    Content: str = ""
    bizmsgmenuid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMessage(Message):
    """A picture: `MediaId` lives three days, `PicUrl` long."""

    PicUrl: str = ""
    MediaId: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMessage(Message):
    """A voice note; `Recognition` is often empty, even where recognition was switched on."""

    MediaId: str = ""
    Format: str = ""
    MediaId16K: str = ""
    Recognition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoMessage(Message):
    """A video, or (`shortvideo`) one of the old short clips."""

    MediaId: str = ""
    ThumbMediaId: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationMessage(Message):
    """A place: `Location_X` is the latitude, `Location_Y` the longitude."""

    Location_X: float = 0.0
    Location_Y: float = 0.0
    Scale: str = ""
    Label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMessage(Message):
    """A shared link."""

    Title: str = ""
    Description: str = ""
    Url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMessage(Message):
    """A shared file, seen in the field and not documented."""

    Title: str = ""
    Description: str = ""
    FileKey: str = ""
    FileMd5: str = ""
    FileTotalLen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniProgramPageMessage(Message):
    """A mini program's page shared into the chat."""

    Title: str = ""
    AppId: str = ""
    PagePath: str = ""
    ThumbUrl: str = ""
    ThumbMediaId: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMessage(Message):
    """A legacy hardware push (`device_text`, `device_event`, `device_status`, `hardware`)."""

    DeviceType: str = ""
    DeviceID: str = ""
    Content: str = ""
    SessionID: str = ""
    OpenID: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMessage(Message):
    """A message of a type this version does not know: see `fields`."""
