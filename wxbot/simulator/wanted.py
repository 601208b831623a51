"""The bodies of the control routes that change the world, read field by field.

A wrong one changes nothing: what a fault or a clock cannot live with would spoil every later call.
"""

import json
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wxbot.errors import SettingsError

_LATEST = 4_102_444_800  # Unix seconds; 2100-01-01, well before any bot's dates run out
_LONGEST_FAULT = 3600  # seconds

Count = Annotated[int, Field(ge=0)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class Move(_Body):
    """`POST /sim/clock`: how many seconds the time moves forward."""

    advance: Annotated[float, Field(ge=0)]

    def check(self, now: float) -> None:
        """Raise SettingsError when the time after the move, from `now` in Unix seconds, is one nobody can use."""
        if now + self.advance > _LATEST:
            raise SettingsError(f"advance: {self.advance!r} seconds from now is after the year 2099")


class FaultWanted(_Body):
    """`POST /sim/faults`: the fields of `Fault`, which judges `kind` by itself."""

    path: Annotated[str, Field(min_length=1)]
    kind: str
    times: Annotated[int, Field(ge=1)] | None = None
    rate: Annotated[float, Field(ge=0, le=1)] = 1.0
    errcode: int = -1
    seconds: Annotated[float, Field(ge=0, le=_LONGEST_FAULT)] = 0.0
    status: str = "failed:user block"


class Agent(_Body):
    """One who answers for the account, under their `kf_account`."""

    nick: str = ""
    online: bool = True


class SettingsWanted(_Body):
    """`POST /sim/settings`: None or nothing leaves a setting as it is."""

    webhook: Annotated[str, Field(pattern="^https?://.")] | None = None
    whitelist: list[str] | None = None
    daily: dict[str, Count] = {}
    minute: dict[str, Count] = {}
    page: Annotated[int, Field(ge=1, le=10_000)] | None = None
    agents: dict[str, Agent] = {}
    templates: list[dict[str, Any]] | None = None
    notifications: list[dict[str, Any]] | None = None


Wanted = TypeVar("Wanted", bound=_Body)


def wanted(body: type[Wanted], raw: bytes) -> Wanted:
    """Return the posted body; raises SettingsError that names each wrong field and what stands in it."""
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise SettingsError(f"the body is no JSON: {exc}") from exc
    try:
        return body.model_validate(given)
    except ValidationError as exc:
        raise SettingsError("; ".join(_told(one["loc"], one["msg"], one["input"]) for one in exc.errors())) from exc


def _told(place: tuple[int | str, ...], message: str, found: object) -> str:
    return f"{'.'.join(str(part) for part in place) or 'the body'}: {message}, not {found!r}"
