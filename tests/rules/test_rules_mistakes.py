"""What is wrong or doubtful in a rules file, told with its line; patterns that must not hurt."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rules.rules_bench import ask, bot_of, text, written
from wxbot.errors import RulesError
from wxbot.reply import rule_match
from wxbot.reply.rules import check, load_rules

GOOD = '[[rule]]\nname = "first"\nmatch = { text = "a" }\nreply = "a"\n'  # four lines


def problems(folder: Path, toml: str) -> list[str]:
    """Return the problems of a file without the path in front: `12: rule …`."""
    file = written(folder, toml)
    with pytest.raises(RulesError) as caught:
        load_rules(file)
    assert str(caught.value).splitlines() == list(caught.value.problems)
    assert all(one.startswith(f"{file}:") for one in caught.value.problems)
    return [one.removeprefix(f"{file}:") for one in caught.value.problems]


def test_a_mistake_names_file_line_rule_and_what_was_meant(tmp_path: Path) -> None:
    toml = GOOD * 2 + '[[rule]]\nname = "name"\nmatch.text = "x"\n[rule.reply]\ntxt = "x"\n'

    [first] = problems(tmp_path, toml)

    assert first == '13: rule 3 "name": reply.txt is not known; did you mean reply.text?'


def test_all_mistakes_are_told_at_once_in_the_files_order(tmp_path: Path) -> None:
    toml = (
        "[[rule]]\nname = 1\nmatch = { text = 'a' }\nreply = ''\n[[rule]]\nmatch = { txt = 'a' }\nprioritty = 3\n"
        "reply = { type = 'image' }\n[[rule.follow_up]]\ntext = 'x'\nat = '25:00'\n"
    )

    told = problems(tmp_path, toml)

    assert [int(one.split(":")[0]) for one in told] == [2, 4, 6, 6, 7, 8, 11]


@pytest.mark.parametrize(
    ("body", "line", "told"),
    [
        ("reply = ''", 3, "reply cannot be said: the text is empty"),
        ('reply = " \\n"', 3, "reply cannot be said: the text is empty"),
        (f"reply = '{'长' * 683}'", 3, "reply cannot be said: the text has 2049 bytes of UTF-8"),
        (f"reply = '{'长' * 682}{{{{content}}}}y'", 3, "reply cannot be said: the text has 2048 bytes"),
        ("reply = '{{nothing}}'", 3, "reply has {{nothing}}, which is not known"),
        ("reply = '{{contnt}}'", 3, "did you mean {{content}}?"),
        ("reply = '{{hepl}}'", 3, "did you mean {{help}}?"),
        ("reply = '{{ 1 + 1 }}'", 3, "opens no {{name}}"),
        ("reply = 3", 3, "reply is not a text or a table"),
        ("reply = {}", 3, "reply needs text, or type and its fields"),
        ("reply = { type = 'imge' }", 3, "reply.type is 'imge'; did you mean image?"),
        ("reply = { type = 3 }", 3, "reply.type is not a text"),
        ("reply = { type = 'image' }", 3, "reply needs media_id"),
        ("reply = { type = 'image', media_id = '' }", 3, "reply cannot be said: Image needs media_id"),
        ("reply = { type = 'image', mediaid = 'x' }", 3, "did you mean reply.media_id?"),
        ("reply = { type = 'news', articles = [] }", 3, "1 to 8 articles, not 0"),
        (
            "reply = { type = 'news', articles = [" + "{ title = 't' }, " * 9 + "] }",
            3,
            "1 to 8 articles, not 9",
        ),
        (
            "[rule.reply]\ntype = 'news'\narticles = [\n  { title = 'a' },\n  { titel = 'b' },\n]",
            7,
            "reply.articles[2].titel is not known; did you mean reply.articles[2].title?",
        ),
        ("reply = { type = 'news', articles = [3] }", 3, "reply.articles[1] is not a table"),
        ("", 1, "does nothing"),
        ("subscribe = 'a b'", 3, "subscribe can be no topic: topic 'a b' has ' '"),
        ("subscribe = '{{nothing}}:x'", 3, "subscribe has {{nothing}}, which is not known"),
        ("unsubscribe = '{{ 1'", 3, "unsubscribe '{{ 1' opens no {{name}}"),
        (f"unsubscribe = '{'x' * 129}'", 3, "unsubscribe can be no topic: a topic has 1 to 128 characters"),
        (f"subscribe = '{'x' * 128}{{{{date}}}}'", 3, "a topic has 1 to 128 characters, this one has 129"),
        ("subscribe = [\n  'good',\n  'a/{{content}}',\n]", 5, "subscribe[2] can be no topic"),
        ("subscribe = '{{help}}!'", 3, "subscribe can be no topic"),
        ("subscribe = ''", 3, "subscribe is not a text, nor a list of texts"),
        ("subscribe = []", 3, "subscribe is not a text, nor a list of texts"),
        ("subscribe = 3", 3, "subscribe is not a text, nor a list of texts"),
        ("default = true\nreply = 'x'", 1, "needs one of match and default = true"),
        ("priority = true\nreply = 'x'", 3, "priority is not a whole number"),
        ("priority = '3'\nreply = 'x'", 3, "priority is not a whole number"),
        ("follow_up = 3", 3, "follow_up is not a list"),
        ("follow_up = [3]", 3, "follow_up[1] is not a table"),
        ("[[rule.follow_up]]\nafter = '1h'", 3, "follow_up[1] needs one of text and content"),
        (
            "[[rule.follow_up]]\ntext = 'x'\ncontent = { text = 'y' }",
            3,
            "follow_up[1] needs one of text and content",
        ),
        ("[[rule.follow_up]]\ntext = 'x'\nafer = '1h'", 5, "follow_up[1].afer is not known; did you mean"),
        ("[[rule.follow_up]]\ntext = ''", 4, "follow_up[1].text cannot be said: the text is empty"),
        ("[[rule.follow_up]]\ntext = { text = 'x' }", 4, "follow_up[1].text is not a text"),
        ("[[rule.follow_up]]\ntext = 'x'\nafter = '2 hours'", 5, "follow_up[1].after is no span"),
        ("[[rule.follow_up]]\ntext = 'x'\nafter = 2", 5, "follow_up[1].after is not a text"),
        ("[[rule.follow_up]]\ntext = 'x'\nat = '24:00'", 5, "follow_up[1].at is no time"),
        ("[[rule.follow_up]]\ntext = 'x'\nat = '9:00'\nafter = '1h'", 5, "one of them says when"),
        ("[[rule.follow_up]]\ntext = 'x'\nday = 1", 5, "follow_up[1].day goes with at"),
        ("[[rule.follow_up]]\ntext = 'x'\nat = '9:00'\nday = -1", 6, "follow_up[1].day is -1"),
        ("[[rule.follow_up]]\ntext = 'x'\nnot_after = '0s'", 5, "follow_up[1].not_after must be longer"),
        ("[[rule.follow_up]]\ntext = 'x'\npriority = 'desisive'", 5, "did you mean decisive?"),
        ("[[rule.follow_up]]\ntext = 'x'\non_closed = 'keep'", 5, "known are drop, hold, template"),
        ("[[rule.follow_up]]\ntext = 'x'\nkey = '{{opnid}}'", 5, "did you mean {{openid}}?"),
        ("[[rule.follow_up]]\ntext = 'x'\nfacts = { '1a' = 'x' }", 5, "cannot be a fact"),
        ("[[rule.follow_up]]\ntext = 'x'\nfacts = { a = '{{opnid}}' }", 5, "did you mean {{openid}}?"),
        (
            "[[rule.follow_up]]\ncontent = { type = 'transfer_customer_service' }",
            4,
            "TransferCustomerService cannot be a follow-up",
        ),
        (
            "[[rule.follow_up]]\ncontent = { type = 'video', media_id = 'x' }",
            4,
            "a Video follow-up needs thumb_media_id",
        ),
    ],
)
def test_a_wrong_reply_or_follow_up_is_told(tmp_path: Path, body: str, line: int, told: str) -> None:
    found = problems(tmp_path, f"[[rule]]\nmatch = {{ text = 'a' }}\n{body}\n\n[values]\nhelp = 'h'")

    assert any(one.startswith(f"{line}: rule 1: ") and told in one for one in found), found


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ("{}", "match needs one of text, contains"),
        ("{ ignore_case = true }", "match needs one of text, contains"),
        ("3", "match is not a table"),
        ("{ text = '' }", "match.text is not a text, nor a list of texts"),
        ("{ text = [] }", "match.text is not a text, nor a list of texts"),
        ("{ text = ['a', 3] }", "match.text is not a text, nor a list of texts"),
        ("{ regx = 'a' }", "match.regx is not known; did you mean match.regex?"),
        ("{ text = 'a', menu = 'M' }", "match.menu and text never hold together"),
        ("{ message = 'image', event = 'SCAN' }", "match.event and message never hold together"),
        ("{ hours = '8-22' }", "match.hours '8-22' is not hours such as 08:00-22:00"),
        ("{ hours = '08:00-08:00' }", "match.hours '08:00-08:00' ends when it starts"),
        ("{ regex = '' }", "match.regex has 0 characters"),
        (f"{{ regex = '{'a' * 501}' }}", "match.regex has 501 characters"),
        ("{ regex = '(' }", "match.regex is not a pattern: missing )"),
        ("{ regex = '(?=a)a' }", "there are no look-arounds and no back references"),
        (r"{ regex = '(a)\1' }", "there are no look-arounds and no back references"),
        (r"{ regex = '\pL{400}' }", "match.regex is too large a pattern"),
        ("{ regex = '(?P<openid>.*)' }", "match.regex captures openid, which is the name of something else"),
        ("{ regex = '(?P<help>.*)' }", "match.regex captures help, which is the name of something else"),
    ],
)
def test_a_wrong_match_is_told(tmp_path: Path, match: str, told: str) -> None:
    found = problems(tmp_path, f"[values]\nhelp = 'h'\n{GOOD}[[rule]]\nmatch = {match}\nreply = 'x'\n")

    assert any(one.startswith("8: rule 2: ") and told in one for one in found), found


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("", "1: the file has no [[rule]]"),
        ("rules = 1\n" + GOOD, "1: rules is not known; did you mean rule?"),
        ("rule = 3", "1: rule is not a list"),
        ("rule = [3]", "1: is not a table"),
        ("timezone = 'Mars/Olympus'\n" + GOOD, "1: timezone is 'Mars/Olympus', which is no time zone"),
        ("timezone = '../x'\n" + GOOD, "1: timezone is '../x', which is no time zone"),
        ("[values]\nopenid = 'x'\n" + GOOD, "2: values.openid is a name that every push fills"),
        ("[values]\na-b = 'x'\n" + GOOD, "2: values.a-b cannot stand in {{name}}"),
        ("[values]\na = [1]\n" + GOOD, "2: values.a is not a text or a number"),
        (GOOD + "[[rule]\n", "5: "),
        (GOOD + "a = \n", "5: Invalid value"),
        (GOOD + 'a = """\n\n', "6: Unterminated string"),
        (GOOD + "name = 'x'\nname = 'x'\n", "5: Cannot overwrite a value"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, toml: str, told: str) -> None:
    found = problems(tmp_path, toml)

    assert any(one.replace("rule 1: ", "").startswith(told) for one in found), found


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# \xe9")

    with pytest.raises(RulesError, match=r"none.toml cannot be read: No such file"):
        load_rules(tmp_path / "none.toml")
    with pytest.raises(RulesError, match=r"latin.toml is not UTF-8: .* at byte 2"):
        load_rules(latin)


EVIL = [
    *[
        f"({inner})+{end}"
        for inner in ("a+", "a*", "a|a", "a|aa", "a?", "(a+)+", "[a-z]+")
        for end in ("", "b", "$")
    ],
    *[f"(?:{inner}){{1,30}}b" for inner in ("a+", "a*", ".*a", "a|a", "a?a?")],
    *["a?" * n + "a" * n for n in (20, 60, 120)],
    *["(.*)" * n + "b" for n in (3, 10, 50)],
    *["(" * n + "a" + ")*" * n + "b" for n in (5, 50, 100)],
    *[f"[01]*1[01]{{{n}}}" for n in (10, 20, 100)],
    *[rf"(?s).*{one}.{{{n}}}x" for one in ("a", r"\d") for n in (10, 100)],
    r"(\w+\s?)+b",
    r"^(\d+)*$",
    r"(([a-z])+.)+[A-Z]([a-z])+$",
    r"(x+x+)+y",
    r"([^@]+@)+b",
    r"(?i)(a|A|á)+b",
    r"(\p{Han}+)+b",
    r"((a{1,10}){1,10}){1,9}b",
    r"((a{100}){100}){100}",
    r"(?=a+)+b",
    r"(?<=a)b",
    r"(?<!a)b",
    r"(?!a)b",
    r"(a)\1+",
    r"(?P<x>a)(?P=x)",
    r"(?>a+)b",
    r"a++b",
    r"(?(1)a|b)",
    r"\pL{500}",
    r"[" + "a-z" * 100 + "]+b",
]
TEXTS = [
    "a" * 2048,
    "a" * 2047 + "!",
    "01" * 1024,
    "x" * 1024 + "y" * 1024,
    "你" * 2048,
    "a b " * 512,
    "",
    "\n" * 99,
]


def answered(pattern: str) -> bool:
    """Return whether a pattern is accepted; then every text has been tried on it."""
    try:
        match = rule_match.regex(pattern).match
    except ValueError:
        return False
    for one in TEXTS:
        match(text(one), 0.0)  # RE2 is linear; a backtracking engine would not come back
    return True


@pytest.mark.timeout(60)
def test_sixty_evil_patterns_are_refused_or_answer_every_text() -> None:
    refused = [pattern for pattern in EVIL if not answered(pattern)]

    assert len(set(EVIL)) >= 60
    assert 10 <= len(refused) <= 20, refused


def test_a_refused_pattern_prints_nothing() -> None:
    code = "from wxbot.reply import rule_match\ntry: rule_match.regex('(?=a)')\nexcept ValueError: pass"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)

    assert (done.stdout, done.stderr) == (b"", b"")


def test_a_text_longer_than_any_users_fits_no_pattern(tmp_path: Path) -> None:
    bot = bot_of(tmp_path, "[[rule]]\nmatch = { regex = 'a*' }\nreply = 'x'")

    assert [ask(bot, text("a" * n)).text for n in (2048, 2049)] == ["x", None]


def doubts(folder: Path, toml: str) -> list[str]:
    file = written(folder, toml)
    return [one.removeprefix(f"{file}:") for one in check(file)]


def test_a_rule_behind_one_with_the_same_match_is_doubtful(tmp_path: Path) -> None:
    other = GOOD.replace("first", "second").replace('text = "a"', 'ignore_case = false, text = ["a"]')

    assert doubts(tmp_path, GOOD + other) == [
        '5: rule 2 "second": can never be reached: rule 1 has the same match and is tried first'
    ]
    assert doubts(tmp_path, GOOD + "priority = -1\n" + other)[0].startswith(
        '1: rule 1 "first": can never be reached'
    )
    assert doubts(tmp_path, GOOD + other.replace("false", "true")) == []


def test_a_second_default_is_doubtful(tmp_path: Path) -> None:
    assert doubts(tmp_path, "[[rule]]\ndefault = true\nreply = 'x'\n" * 2) == [
        "4: rule 2: can never be reached: rule 1 has the same match and is tried first"
    ]


def test_two_rules_of_one_name_are_doubtful(tmp_path: Path) -> None:
    other = GOOD.replace('text = "a"', 'text = "b"')

    assert doubts(tmp_path, GOOD + other) == ['6: rule 2 "first": name is also the name of rule 1']


def test_a_kind_that_wxbot_has_not_heard_of_is_doubtful(tmp_path: Path) -> None:
    toml = "[[rule]]\nmatch = { event = 'subscribed' }\nreply = 'x'\n"

    assert doubts(tmp_path, toml) == [
        "2: rule 1: match.event is 'subscribed', which wxbot has not heard of; did you mean subscribe?"
    ]


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "wxbot.cli", "rules", "check", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def here() -> dict[str, str]:
    return {"PYTHONPATH": ":".join(sys.path)}


def test_the_command_says_that_all_is_good(tmp_path: Path, here: dict[str, str]) -> None:
    done = run(str(written(tmp_path, GOOD)), **here)
    named = run(**here, WXBOT_RULES=str(tmp_path / "rules.toml"))

    assert (done.returncode, done.stdout, done.stderr) == (0, "1 rule, all good\n", "")
    assert named.stdout == done.stdout


def test_the_command_prints_every_mistake_and_exits_2(tmp_path: Path, here: dict[str, str]) -> None:
    file = written(tmp_path, GOOD + "[[rule]]\nmatch = {}\nrply = 'x'\n")

    done, as_json = run(str(file), **here), run(str(file), "--json", **here)

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 3)
    assert all(line.startswith(f"{file}:") for line in done.stderr.splitlines())
    assert as_json.returncode == 2
    assert json.loads(as_json.stdout)["mistakes"] == done.stderr.splitlines()


def test_the_command_tells_doubts_and_exits_0(tmp_path: Path, here: dict[str, str]) -> None:
    done = run(str(written(tmp_path, GOOD * 2)), **here)

    assert (done.returncode, done.stdout) == (0, "2 rules, worth a second look\n")
    assert len(done.stderr.splitlines()) == 2
