"""What a command sends: a text, or any message as the JSON that the push API takes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from wxbot.protocol.content import Content, Text
from wxbot.protocol.outgoing import message_json
from wxbot.web.api_content import Message

_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


class MessageJson(click.ParamType[Content]):
    """A message as JSON, or `@FILE` that holds it: `{"type": "image", "media_id": "…"}`."""

    name = "json|@file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Content:
        """Return the content; fails with each field that is wrong."""
        try:
            text = Path(value[1:]).read_text("utf-8") if value.startswith("@") else value
            made: Content = _MESSAGE.validate_json(text).made()
        except ValidationError as exc:
            self.fail("; ".join(_told(error) for error in exc.errors()), param, ctx)
        except UnicodeDecodeError:
            self.fail(f"{value[1:]} is not UTF-8", param, ctx)
        except OSError as exc:
            self.fail(f"{value[1:]} cannot be read: {exc.strerror}", param, ctx)
        return made


def _told(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg']}" if place else str(error["msg"])


def said(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument TEXT and the options that say more than a text."""
    for add in (
        click.option("--kf-account", default="", help="As whom it is sent: prefix@wechat-id."),
        click.option(
            "--message", type=MessageJson(), help='Instead of TEXT: {"type": "image", "media_id": "…"}, or @FILE.'
        ),
        click.argument("text", required=False),
    ):
        function = add(function)
    return function


def message_of(text: str | None, message: Content | None, kf_account: str) -> str:
    """Return what is to be stored; raises InvalidMessage for what the platform would refuse."""
    if text is not None and message is None:
        return message_json(Text(text), kf_account=kf_account)
    if text is None and message is not None:
        return message_json(message, kf_account=kf_account)
    raise click.UsageError("give either TEXT or --message")
