"""What may be said, and how a long text is divided."""

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wxbot.errors import InvalidMessage
from wxbot.protocol.content import (
    MAX_TEXT,
    Article,
    Image,
    MenuItem,
    MiniProgramPage,
    MpNews,
    MpNewsArticle,
    MsgMenu,
    Music,
    News,
    Text,
    TransferCustomerService,
    Video,
    Voice,
    WxCard,
    content_of,
    split_text,
)
from wxbot.protocol.wire import printable

FAMILY = "👨‍👩‍👧‍👦"
KISS = "👩🏻‍❤️‍💋‍👨🏿"
FLAG = "🇨🇳"
SIGNS = [FAMILY, KISS, FLAG, "👍🏽", "❤️", "1️⃣", "é", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☔️", "🏳️‍🌈"]
ARTICLE = Article("t")


def size(text: str) -> int:
    return len(text.encode())


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (lambda: Text(""), "a text needs content"),
        (lambda: Text(" \n\u3000"), "a text needs content"),
        (lambda: Text("\x00\ud800"), "a text needs content"),
        (lambda: Image(""), "Image needs media_id"),
        (lambda: Image("\x00"), "Image needs media_id"),
        (lambda: Voice(" "), "Voice needs media_id"),
        (lambda: Video(""), "Video needs media_id"),
        (lambda: Music(""), "Music needs musicurl"),
        (lambda: Music("http://m"), "Music needs thumb_media_id"),
        (lambda: MpNews(""), "MpNews needs media_id"),
        (lambda: MpNewsArticle(" "), "MpNewsArticle needs article_id"),
        (lambda: WxCard(""), "WxCard needs card_id"),
        (lambda: TransferCustomerService("nobody"), "kf_account is prefix@wechat-id"),
        (lambda: Article(""), "Article needs title"),
        (lambda: News([]), "1 to 8 articles, not 0"),
        (lambda: News([ARTICLE] * 9), "1 to 8 articles, not 9"),
        (lambda: MenuItem("", "x"), "MenuItem needs id"),
        (lambda: MenuItem("1", ""), "MenuItem needs content"),
        (lambda: MsgMenu("h", []), "at least one item"),
        (lambda: MiniProgramPage("", "wx1", "p", "m"), "MiniProgramPage needs title"),
        (lambda: MiniProgramPage("t", "", "p", "m"), "MiniProgramPage needs appid"),
        (lambda: MiniProgramPage("t", "wx1", "", "m"), "MiniProgramPage needs pagepath"),
        (lambda: MiniProgramPage("t", "wx1", "p", ""), "MiniProgramPage needs thumb_media_id"),
    ],
)
def test_content_that_the_platform_would_refuse_cannot_be_made(make: Callable[[], object], wrong: str) -> None:
    with pytest.raises(InvalidMessage, match=wrong):
        make()


def test_eight_articles_are_not_too_many() -> None:
    assert len(News([ARTICLE] * 8).articles) == 8


def test_a_text_loses_what_xml_forbids_and_nothing_else() -> None:
    assert Text("a\x00\x1b\ud83d\uffff\t\n<b>&😀").content == "a\t\n<b>&😀"


def test_a_plain_str_is_a_text_and_content_stays_what_it_is() -> None:
    image = Image("m")

    assert content_of("x") == Text("x")
    assert content_of(image) is image


@pytest.mark.parametrize("sign", ["x", "é", "好", "😀"])
@pytest.mark.parametrize("over", [-1, 0, 1])
def test_a_text_is_divided_only_beyond_the_limit_and_then_as_late_as_possible(sign: str, over: int) -> None:
    text = "x" * (MAX_TEXT + over - size(sign)) + sign

    expected = [text] if over <= 0 else [text[:-1], sign]
    assert split_text(text) == expected


@pytest.mark.parametrize(("sign", "count"), [("x", 2047), ("é", 1023), ("好", 682), ("😀", 511)])
def test_a_part_holds_as_many_characters_as_fit_into_2047_bytes(sign: str, count: int) -> None:
    parts = split_text(sign * 3000)

    assert len(parts[0]) == count
    assert "".join(parts) == sign * 3000


def test_a_part_ends_at_the_last_line_end_of_its_second_half() -> None:
    assert split_text("aaaaaa\nbb\ncccc", limit=12) == ["aaaaaa\nbb", "cccc"]


def test_a_line_end_in_the_first_half_does_not_make_a_small_part() -> None:
    assert split_text("aaa\nbbbbbbbbbbbb", limit=12) == ["aaa\nbbbbbbbb", "bbbb"]


@pytest.mark.parametrize("gap", ["\n", "\n\n\n", "\r\n", "\r\n\r\n"])
def test_the_line_ends_at_a_cut_are_dropped_on_both_sides(gap: str) -> None:
    assert split_text("aaaaaaaa" + gap + "bbbbbbbb", limit=12) == ["aaaaaaaa", "bbbbbbbb"]


def test_a_blank_part_is_not_sent() -> None:
    assert split_text("a" * 10 + " " * 25 + "b", limit=10) == ["a" * 10, "     b"]
    assert split_text("\n" * 30 + "b", limit=10) == ["b"]
    assert split_text(" " * 30, limit=10) == []
    assert split_text("") == []


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("fits", range(1, 12))
def test_a_sign_of_several_characters_is_never_divided(sign: str, fits: int) -> None:
    limit = max(size("x" * fits), size(sign), 4)
    parts = split_text("x" * fits + sign + "y" * 50, limit=limit)

    assert sum(part.count(sign) for part in parts) == 1
    assert all(size(part) <= limit for part in parts)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("shift", range(8))
def test_a_long_row_of_signs_is_divided_only_between_them(sign: str, shift: int) -> None:
    text = "x" * shift + sign * 300
    parts = split_text(text, limit=100)

    assert "".join(parts) == text
    assert all(re.fullmatch(f"x*(?:{sign})+", part) for part in parts)


def test_flags_in_a_row_keep_their_pairs() -> None:
    parts = split_text("🇨🇳🇯🇵🇰🇷🇫🇷", limit=20)

    assert parts == ["🇨🇳🇯🇵", "🇰🇷🇫🇷"]


@pytest.mark.parametrize("mark", ["\u0301", "\u200d", "\ufe0f", "🏽", "\U000e0061"])
def test_an_endless_row_of_marks_is_divided_where_the_part_is_full(mark: str) -> None:
    parts = split_text("x" + mark * 500, limit=200)

    assert "".join(parts) == "x" + mark * 500
    assert all(196 < size(part) <= 200 for part in parts[:-1])


@pytest.mark.parametrize("limit", [-1, 0, 1, 2, 3])
def test_a_limit_too_small_for_any_character_counts_as_four_bytes(limit: int) -> None:
    assert split_text("好😀éa", limit=limit) == ["好", "😀", "éa"]


def test_a_lone_surrogate_is_dropped_and_raises_nothing() -> None:
    assert split_text("a\ud83d" * 30, limit=10) == ["a" * 10] * 3


alphabet = st.characters() | st.sampled_from("\n\n\r \u3000a好😀\u200d\ufe0f🏽🇨🇳\u0301\ud800\x00")
texts = st.text(alphabet, max_size=300) | st.lists(st.sampled_from([*SIGNS, "\n", "ab ", "好"])).map("".join)
limits = st.integers(4, 60)


@given(texts, limits)
@example("\n" * 50 + "x", 4)
def test_every_part_fits_and_says_something(text: str, limit: int) -> None:
    for part in split_text(text, limit):
        assert size(part) <= limit
        assert part.strip()


@given(texts, limits)
def test_between_the_parts_nothing_is_lost_but_blanks(text: str, limit: int) -> None:
    rest = printable(text)
    for part in split_text(text, limit):
        gap, _, rest = rest.partition(part)
        assert not gap.strip()

    assert not rest.strip()


@given(texts, limits)
def test_where_a_text_has_no_blanks_the_parts_are_the_text(text: str, limit: int) -> None:
    solid = "".join(printable(text).split())

    assert "".join(split_text(solid, limit)) == solid


@given(st.text(st.sampled_from("ab好😀\n"), max_size=300), limits)
def test_a_text_without_spaces_loses_only_line_ends_at_the_cuts(text: str, limit: int) -> None:
    parts = split_text(text, limit)

    assert "".join(parts).replace("\n", "") == text.replace("\n", "")
    assert len(parts) < 2 or not any(part.startswith("\n") for part in parts[1:])


@given(texts)
def test_a_text_that_fits_is_one_part_unchanged(text: str) -> None:
    kept = printable(text)

    assert split_text(text, limit=100_000) == ([kept] if kept.strip() else [])


def test_a_megabyte_is_divided_without_reading_it_anew_for_each_part() -> None:
    parts = split_text("字" * 350_000)

    assert sum(map(len, parts)) == 350_000
