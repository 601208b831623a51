"""A request whose query string may be any bytes.

Werkzeug raises UnicodeDecodeError for bytes that are no UTF-8, which anybody can send without a signature.
"""

from urllib.parse import quote_from_bytes

from flask import Request
from werkzeug.datastructures import MultiDict
from werkzeug.utils import cached_property

_ASCII = "".join(map(chr, range(128)))


class AnyQuery(Request):
    """A Flask request that reads foreign bytes of its query as if they stood there in percent-encoding."""

    @cached_property
    def args(self) -> "MultiDict[str, str]":
        """The query's parameters; what is no UTF-8 stays percent-encoded."""
        if not self.query_string.isascii():
            self.query_string = quote_from_bytes(self.query_string, safe=_ASCII).encode()
        return super().args
