"""Read the platform's answers: errors come as HTTP 200 with an errcode. Source: docs/platform.md §4, §7."""

import re
from typing import Any

from wxbot.errors import Refused

_RID = re.compile(r"rid: ([0-9a-f-]{8,40})")


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer when it is no refusal; raises Refused with errcode, errmsg and rid."""
    errcode = answer.get("errcode", 0)
    if errcode == 0:
        return answer
    errmsg = str(answer.get("errmsg", ""))[:300]
    rid = _RID.search(errmsg)
    raise Refused(errcode if isinstance(errcode, int) else -1, errmsg, rid[1] if rid else "")
