"""The XML of pushes and replies: hostile bytes in, exact bytes out."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxbot.errors import MalformedPush
from wxbot.protocol import wire
from wxbot.protocol.wire import cdata, children_of, number, parse, render, text_of

PUSH = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><CreateTime>1348831860</CreateTime>"
    "<Content><![CDATA[你好 <b> & 😀]]></Content><Info><List><A>1</A></List><List><A>2</A></List></Info></xml>"
).encode()
LAUGHS = "<!DOCTYPE xml [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>"


def as_text(inner: str) -> wire.Value:
    return parse(f"<xml><Content>{inner}</Content></xml>".encode())["Content"]


def test_a_push_becomes_plain_fields_with_repeated_children_in_a_list() -> None:
    assert parse(PUSH) == {
        "ToUserName": "gh_1",
        "CreateTime": "1348831860",
        "Content": "你好 <b> & 😀",
        "Info": {"List": [{"A": "1"}, {"A": "2"}]},
    }


@pytest.mark.parametrize("prolog", ["\ufeff", "\n \t", '<?xml version="1.0"?>\n', "\ufeff<?xml version='1.0' ?>"])
def test_a_byte_order_mark_space_or_declaration_before_the_root_changes_nothing(prolog: str) -> None:
    assert parse(prolog.encode() + PUSH) == parse(PUSH)


@pytest.mark.parametrize("encoding", ['"UTF-8"', "'utf-8'", '"utf8"', ' = "UTF-8"'])
def test_a_declaration_of_utf_8_is_accepted(encoding: str) -> None:
    equals = "" if "=" in encoding else "="

    assert parse(f'<?xml version="1.0" encoding{equals}{encoding}?>'.encode() + PUSH) == parse(PUSH)


@pytest.mark.parametrize("encoding", ["GBK", "UTF-16", "ISO-8859-1", "UTF-7", "utf-8-sig", "EBCDIC-CP-US", "x", ""])
def test_a_declaration_of_any_other_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(MalformedPush):
        parse(f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + PUSH)


@pytest.mark.parametrize(
    "before",
    [
        LAUGHS,
        "<!DOCTYPE xml>",
        "<!doctype xml>",
        '<!DOCTYPE xml SYSTEM "file:///etc/passwd">',
        "<!-- a comment -->",
        "<?instruction?>",
        "<?instruction?>" + LAUGHS,
        "<!-- a comment -->" + LAUGHS,
        '<?xml version="1.0"?>' + LAUGHS,
        '<?xml version="1.0"?><?xml version="1.0"?>' + LAUGHS,
        "\x00" + LAUGHS,
        "<\x00!DOCTYPE xml>",
        "\ufeff\ufeff" + LAUGHS,
        "text",
    ],
)
def test_nothing_but_a_declaration_may_stand_before_the_root(before: str) -> None:
    with pytest.raises(MalformedPush, match="begins with <xml>"):
        parse(before.encode() + PUSH)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"\x00",
        b"\xef\xbb\xbf",
        b"null",
        b'{"ToUserName": "gh_1"}',
        b"<xml/>",
        b"<xml></xml>",
        b"<xml>text alone</xml>",
        b"<XML><a/></XML>",
        b"<xmlish><a/></xmlish>",
        b"<html><a/></html>",
        b"<xml><a></xml>",
        b"<xml><a/>",
        b"<xml><a/></xml><xml><a/></xml>",
        b"<xml><a/></xml><!DOCTYPE xml>",
        b"<xml><a><![CDATA[open</a></xml>",
        b"<xml><a x=1/></xml>",
        b"<xml><a x='1' x='2'/></xml>",
        b"<xml><a>&undefined;</a></xml>",
        b"<xml><a>&#0;</a></xml>",
        b"<xml><a>&#1;</a></xml>",
        b"<xml><a>&#xD800;</a></xml>",
        b"<xml><a>&#x110000;</a></xml>",
        b"<xml><a>]]></a></xml>",
        b"<xml><a>\xff</a></xml>",
        b"<xml><a>\xc0\xbc</a></xml>",  # an overlong "<"
        b"<xml><a>\xed\xa0\x80</a></xml>",  # a surrogate in UTF-8
        b"<xml><a>\xe4\xbd</a></xml>",
        b"<xml><" + b"a" * 60_000 + b"/></xml>",
    ],
)
def test_what_is_not_a_filled_xml_in_utf_8_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedPush):
        parse(body)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_other_encodings_of_a_whole_push_are_malformed(encoding: str) -> None:
    with pytest.raises(MalformedPush):
        parse(PUSH.decode().encode(encoding))


@pytest.mark.parametrize(
    "body",
    [
        b'<xml xmlns="u"><a/></xml>',
        b'<w:xml xmlns:w="u"><a/></w:xml>',
        b'<xml xmlns:w="u"><w:a/></xml>',
        b'<xml><a xmlns="u"/></xml>',
        b"<xml><w:a/></xml>",
    ],
)
def test_an_element_in_a_namespace_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedPush):
        parse(body)


def test_a_namespace_that_no_element_uses_is_ignored() -> None:
    assert parse(b'<xml xmlns:w="u" w:x="1"><a>1</a></xml>') == {"a": "1"}


def test_nine_thousand_nested_elements_are_refused() -> None:
    with pytest.raises(MalformedPush):
        parse(b"<xml>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</xml>")


def test_eight_levels_are_read_and_nine_are_not() -> None:
    assert text_of(parse(b"<xml>" + b"<a>" * 8 + b"x" + b"</a>" * 8 + b"</xml>"), "a") == ""
    with pytest.raises(MalformedPush, match="more than 8 levels"):
        parse(b"<xml>" + b"<a>" * 9 + b"x" + b"</a>" * 9 + b"</xml>")


def test_five_hundred_elements_are_read_and_one_more_is_not() -> None:
    assert len(parse(b"<xml>" + b"<a/>" * 500 + b"</xml>")["a"]) == 500
    with pytest.raises(MalformedPush, match="500 elements"):
        parse(b"<xml>" + b"<a/>" * 501 + b"</xml>")


def test_six_hundred_siblings_below_several_parents_are_refused() -> None:
    with pytest.raises(MalformedPush, match="500 elements"):
        parse(b"<xml>" + (b"<p>" + b"<a/>" * 200 + b"</p>") * 3 + b"</xml>")


def test_a_text_that_fills_the_body_is_read_whole() -> None:
    assert as_text("好" * 21_000) == "好" * 21_000


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("", ""),
        ("<![CDATA[]]>", ""),
        ("plain", "plain"),
        ("<![CDATA[<!DOCTYPE xml [<!ENTITY a 'b'>]>&a;]]>", "<!DOCTYPE xml [<!ENTITY a 'b'>]>&a;"),
        ("<![CDATA[<?xml encoding='gbk'?>]]>", "<?xml encoding='gbk'?>"),
        ("<![CDATA[<!-- kept -->]]>", "<!-- kept -->"),
        ("&#20320;&#x597D;&#x1F600;", "你好😀"),
        ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"),
        ("<![CDATA[a]]]]><![CDATA[>b]]>", "a]]>b"),
        ("a<![CDATA[b]]>c<!-- gone -->d<?gone?>e", "abcde"),
        (" 1 ", " 1 "),
    ],
)
def test_text_is_read_as_it_was_meant(inner: str, text: str) -> None:
    assert as_text(inner) == text


@pytest.mark.parametrize("code", [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF])
def test_a_character_that_xml_forbids_is_taken_out_of_a_text(code: int) -> None:
    assert as_text(f"a{chr(code)}b") == as_text(f"<![CDATA[a{chr(code)}b]]>") == "ab"


@pytest.mark.parametrize("character", ["\t", "\n", "\x7f", "\x85", "\u2028", "\ufffd", "\U0001fffe", "\U0010ffff"])
def test_a_character_that_xml_allows_stays(character: str) -> None:
    assert as_text(f"a{character}b") == f"a{character}b"


def test_an_attribute_is_ignored() -> None:
    assert parse(b"<xml a='1'><b c='2'>3</b></xml>") == {"b": "3"}


def test_the_error_never_quotes_the_body() -> None:
    with pytest.raises(MalformedPush) as caught:
        parse(b"<xml><a><![CDATA[a secret</a></xml>")

    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def is_read_or_refused(body: bytes) -> bool:
    """Return whether the body was read; any error but MalformedPush escapes and fails the test."""
    try:
        return isinstance(parse(body), dict)
    except MalformedPush:
        return False


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_malformed(body: bytes) -> None:
    is_read_or_refused(body)
    is_read_or_refused(b"<xml>" + body + b"</xml>")


@given(st.text(max_size=300))
def test_any_text_between_the_tags_is_read_or_malformed(text: str) -> None:
    is_read_or_refused(f"<xml><a>{text}</a></xml>".encode("utf-8", "surrogatepass"))


PIECES = [
    *(
        b"<",
        b">",
        b"</",
        b"/>",
        b"&",
        b";",
        b"'",
        b'"',
        b"=",
        b" ",
        b"\n",
        b"\x00",
        b"\x1f",
        b"\xff",
        b"\xef\xbb\xbf",
    ),
    *(
        b"<a>",
        b"</a>",
        b"<xml>",
        b"</xml>",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<?",
        b"?>",
        b"&#0;",
        b"&#x41;",
    ),
    *(b"<?xml version='1.0' encoding='gbk'?>", b"<!DOCTYPE x [", b"<!ENTITY a 'b'>", b"&a;", b"xmlns:a='b'", b"a:"),
    *("好".encode(), "😀".encode(), "好".encode("utf-16"), "好".encode("gbk"), "\ufffe".encode(), b"\xed\xa0\x80"),
]


def mutated(chance: random.Random) -> bytes:
    body = bytearray(PUSH)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(body) + 1)
        span = chance.choice([0, 0, 0, 1, 9])
        body[at : at + span] = chance.choice([*PIECES, PUSH[: chance.randrange(9)], bytes([at % 256])])
    return bytes(body)


def test_four_thousand_mutations_of_a_push_are_read_or_malformed() -> None:
    chance = random.Random(20261124)

    read = sum(is_read_or_refused(mutated(chance)) for _ in range(4000))

    assert 200 < read < 3800  # the mutations are neither harmless nor all fatal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("23.137466", 23.137466),
        ("-113.35", -113.35),
        ("+1", 1.0),
        ("20", 20.0),
        ("1.", 1.0),
        *((odd, 0.0) for odd in ["", "abc", "nan", "inf", "1e5", "1_000", "０", "1" * 19, "0x1", "--1", "."]),
    ],
)
def test_a_number_is_a_plain_decimal_or_nothing(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize("fields", [{}, {"a": {"b": "1"}}, {"a": ["1", "2"]}])
def test_a_field_that_is_no_single_text_reads_as_empty(fields: wire.Fields) -> None:
    assert text_of(fields, "a") == ""


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, []),
        ({"a": ""}, []),
        ({"a": {"b": ""}}, []),
        ({"a": {"b": {"c": "1"}}}, [{"c": "1"}]),
        ({"a": {"b": [{"c": "1"}, "", {"c": "2"}]}}, [{"c": "1"}, {"c": "2"}]),
        ({"a": [{"b": {"c": "1"}}, {"b": {"c": "2"}}]}, [{"c": "1"}, {"c": "2"}]),
    ],
)
def test_children_are_found_alike_whether_none_one_or_many(fields: wire.Fields, found: list[wire.Fields]) -> None:
    assert children_of(fields, "a", "b") == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "<![CDATA[]]>"),
        ('<a href="x">&\'', '<![CDATA[<a href="x">&\']]>'),
        ("a]]>b", "<![CDATA[a]]]]><![CDATA[>b]]>"),
        ("]]>]]>", "<![CDATA[]]]]><![CDATA[>]]]]><![CDATA[>]]>"),
        ("]]]>", "<![CDATA[]]]]]><![CDATA[>]]>"),
        ("]\x00]\x01>", "<![CDATA[]]]]><![CDATA[>]]>"),
        ("]]", "<![CDATA[]]]]>"),
        ("😀𠮷", "<![CDATA[😀𠮷]]>"),
        ("a\ud83db\x0b\ufffe", "<![CDATA[ab]]>"),
    ],
)
def test_no_text_ends_its_cdata_early(text: str, expected: str) -> None:
    assert cdata(text) == expected


def test_a_tree_is_rendered_with_bare_numbers_and_items() -> None:
    tree: dict[str, wire.Tree] = {"A": "x", "N": 7, "M": {"B": "y"}, "L": [{"T": "1"}, {"T": "2"}]}

    assert render(tree) == (
        "<xml><A><![CDATA[x]]></A><N>7</N><M><B><![CDATA[y]]></B></M>"
        "<L><item><T><![CDATA[1]]></T></item><item><T><![CDATA[2]]></T></item></L></xml>"
    )


@given(st.text(st.characters() | st.sampled_from("]><&\x00\ud800")))
def test_a_rendered_text_reads_back_as_itself_but_for_line_ends_and_forbidden_characters(text: str) -> None:
    expected = wire.printable(text).replace("\r\n", "\n").replace("\r", "\n")

    assert parse(render({"Content": text}).encode())["Content"] == expected
