"""The push API's files: kept by their digest, for messages to name where the platform wants a media_id."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from wxbot.errors import InvalidMessage
from wxbot.protocol.media import Kind, MediaFile, kind_of
from wxbot.store import media
from wxbot.web.api_call import Answer, Call, Operation, answer, query_of

LONGEST_NAME = 100  # characters


class FileWanted(BaseModel):
    """What a file is called, and as what it is to be sent."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="file", min_length=1, max_length=LONGEST_NAME, description="For people.")
    type: Literal["image", "voice", "video", "thumb", ""] = Field(
        default="", description="As what it is sent; told from the file if not given."
    )


class KeptFile(BaseModel):
    """A file that is kept: `media_id` is what messages write, and wxbot uploads it when one is sent."""

    media_id: str
    type: str
    size: int


def keep_file(call: Call) -> Answer:
    """Keep a file."""
    wanted = query_of(call, FileWanted)
    file = MediaFile(wanted.type or _kind(call.body), wanted.name, call.body)
    call.store.write(lambda tx: media.keep(tx, call.account, file, call.now))
    return answer(201, KeptFile(media_id=file.reference, type=file.kind, size=len(file.content)))


def _kind(content: bytes) -> Kind:
    found = kind_of(content)
    if found is None:
        raise InvalidMessage("the body is no picture, voice note or video that the platform takes")
    return found


OPERATIONS = (
    Operation(
        name="keep_file",
        method="POST",
        path="/media",
        scope="send",
        about="Keep a picture, voice note, video or thumbnail; the body is the file. The same file is kept once.",
        handle=keep_file,
        status=201,
        answer=KeptFile,
        query=FileWanted,
        takes_file=True,
    ),
)
