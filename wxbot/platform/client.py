"""The platform's interfaces as calls; each with the account's token, and once more when it was refused.

Source: docs/platform.md §5, §7.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from wxbot.errors import Refused, Unanswered
from wxbot.platform.access_token import AccessTokens
from wxbot.platform.answers import checked
from wxbot.platform.http_call import MAX_ANSWER, Sink, within
from wxbot.platform.transport import Transport, Upload
from wxbot.protocol.outgoing import dumps, request_body
from wxbot.protocol.reaction import Reaction, meaning


class AnsweringSink(Sink, Protocol):
    """A sink that knows whether what came was an answer in JSON, as refusals are."""

    def answer(self) -> dict[str, Any]:
        """Return the object that came instead of what was asked for, an empty one when it came."""
        ...


class Client:
    """One account's calls. Thread-safe; every call ends within the transport's limit, or twice that.

    Calls raise Refused, Unanswered, or NoToken (nothing was sent).
    """

    def __init__(self, transport: Transport, tokens: AccessTokens) -> None:
        self._transport, self._tokens = transport, tokens

    def send(self, openid: str, message: str) -> None:
        """Send one customer-service message (`message` as stored); returning means the platform took it."""
        self.accepted("/cgi-bin/message/custom/send", request_body(openid, message))

    def typing(self, openid: str, command: Literal["Typing", "CancelTyping"] = "Typing") -> None:
        """Show the user that an answer is being typed, for 15 seconds or until the next message."""
        body = dumps({"touser": openid, "command": command}).encode()
        self.call("/cgi-bin/message/custom/typing", body)

    def accepted(self, path: str, body: bytes) -> dict[str, Any]:
        """POST something to deliver, and return the answer that says the platform took it."""
        with within(2 * self._transport.limit):  # also when tokens must be fetched on the way
            answer = self.call(path, body)
        if "errcode" not in answer:
            raise Unanswered("an answer without errcode", delivered_maybe=True)
        return answer

    def call(self, path: str, body: bytes, *, most: int = MAX_ANSWER) -> dict[str, Any]:
        """POST for an answer of at most so many bytes; at most two calls, the second with another token."""
        return self._with_token(lambda token: self._transport.post(path, token, body, most))

    def ask(self, path: str, query: Mapping[str, str] | None = None, *, most: int = MAX_ANSWER) -> dict[str, Any]:
        """GET an answer of at most so many bytes; at most two calls, the second with another token."""
        return self._with_token(lambda token: self._transport.get(path, {**token, **(query or {})}, most))

    def upload(self, path: str, query: Mapping[str, str], file: Upload) -> dict[str, Any]:
        """POST a file; at most two calls, the second with another token."""
        return self._with_token(lambda token: self._transport.upload(path, {**token, **query}, file))

    def stream(self, path: str, query: Mapping[str, str], sink: AnsweringSink) -> None:
        """GET what may be large, into a sink that also reads a refusal; at most two calls, as above."""

        def once(token: dict[str, str]) -> dict[str, Any]:
            self._transport.stream(path, {**token, **query}, sink)
            return sink.answer()

        self._with_token(once)

    def _with_token(self, once: Callable[[dict[str, str]], dict[str, Any]]) -> dict[str, Any]:
        token = self._tokens.get()
        try:
            return checked(once({"access_token": token}))
        except Refused as exc:
            if meaning(exc.errcode).reaction is not Reaction.TOKEN:
                raise
        return checked(once({"access_token": self._tokens.refused(token)}))
