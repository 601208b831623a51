"""The logic-less texts of the rules file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxbot.template import parse


def test_a_place_takes_its_value_with_or_without_blanks() -> None:
    found = parse("{{a}} and {{ b }}, {{a}}")

    assert found.render({"a": "1", "b": "2"}) == "1 and 2, 1"
    assert found.names == {"a", "b"}


def test_a_text_without_places_is_itself() -> None:
    assert parse("30% {off} }} $x %s {0}").render({}) == "30% {off} }} $x %s {0}"


@given(st.text())
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    assert parse("<{{a}}{{b}}>").render({"a": value, "b": "{{a}}"}) == f"<{value}{{{{a}}}}>"


@pytest.mark.parametrize(
    "value", ["{{openid}}", "{{", "}}", "{{a}", "\\1", "{{a}}{{b}}", "{% x %}", "${a}", "{a.b}"]
)
def test_what_a_user_types_stays_as_typed(value: str) -> None:
    assert parse("you wrote: {{a}}").render({"a": value, "openid": "secret"}) == f"you wrote: {value}"


@pytest.mark.parametrize(
    "text",
    [
        "{{",
        "a {{ b",
        "{{a b}}",
        "{{}}",
        "{{a.b}}",
        "{{a()}}",
        "{{a[0]}}",
        "{{a|upper}}",
        "{{1}}",
        "{{'x'}}",
        "{{a}",
        "{{a}} {{",
        "{{{{a}}}}",
        "{{ self.__class__ }}",
        "{{7*7}}",
        "{{#if a}}",
        "{{a\n}} {{!x}}",
    ],
)
def test_anything_but_a_name_in_the_braces_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="opens no"):
        parse(text)


def test_a_name_without_a_value_is_an_error_and_no_blank() -> None:
    with pytest.raises(KeyError):
        parse("{{a}}").render({})
