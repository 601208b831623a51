"""What the platform's answers become, whatever stands in them: an error of ours, fit for the store."""

from typing import Any

import pytest

from wxbot.errors import Refused
from wxbot.platform.access_token import _is_token
from wxbot.platform.answers import checked


def refused(answer: dict[str, Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        checked(answer)
    return caught.value


def test_a_refusal_tells_its_code_and_the_rid_of_its_text() -> None:
    told = refused({"errcode": 45015, "errmsg": "out of time rid: 6b0f131c-539b5852-853f74ce"})

    assert (told.errcode, told.rid) == (45015, "6b0f131c-539b5852-853f74ce")


@pytest.mark.parametrize("errcode", [10**30, -(10**30), 2**31, "45015", 1.5, None, [1]])
def test_an_errcode_that_can_be_none_is_taken_for_a_passing_fault(errcode: object) -> None:
    assert refused({"errcode": errcode}).errcode == -1


@pytest.mark.parametrize("errmsg", ["half \ud800", "NUL \0", ["\udfff"]])
def test_a_text_that_no_database_takes_is_mended(errmsg: object) -> None:
    told = str(refused({"errcode": 40001, "errmsg": errmsg}))

    assert "\0" not in told
    assert told.encode().decode() == told


@pytest.mark.parametrize(
    ("token", "expires_in"),
    [("", 7200), ("half \ud800", 7200), ("a\0b", 7200), ("令牌", 7200), (7, 7200), ("good", 10**400), ("good", -1)],
)
def test_a_token_that_fits_no_url_or_never_ends_is_none(token: object, expires_in: object) -> None:
    assert _is_token("good", 7200)
    assert not _is_token(token, expires_in)
