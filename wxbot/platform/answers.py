"""Read the platform's answers: errors come as HTTP 200 with an errcode. Source: docs/platform.md §4, §7."""

import re
from typing import Any

from wxbot.errors import Refused
from wxbot.protocol.wire import printable

_UNKNOWN = -1  # what an errcode that can be none is taken for
_LARGEST = 2**31  # a number beyond it is no errcode, and none for the store
_RID = re.compile(r"rid: ([0-9a-f-]{8,40})")


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer when it is no refusal; raises Refused with errcode, errmsg and rid."""
    errcode = answer.get("errcode", 0)
    if errcode == 0:
        return answer
    known = isinstance(errcode, int) and abs(errcode) < _LARGEST
    errmsg = printable(str(answer.get("errmsg", ""))[:300])  # JSON may hold NUL and halves of characters
    rid = _RID.search(errmsg)
    raise Refused(errcode if known else _UNKNOWN, errmsg, rid[1] if rid else "")
