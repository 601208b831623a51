"""The examples of docs/rules.md are rules files, and its tables know every key."""

import re
from pathlib import Path

import pytest

from wxbot.reply import rule, rule_content, rule_follow_up, rule_match, rule_plan, rules_file
from wxbot.reply.rules import check

PAGE = (Path(__file__).parents[1] / "docs" / "rules.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_loads_without_doubt(example: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(example, "utf-8")

    assert check(file) == []


@pytest.mark.parametrize(
    "name",
    [
        *rules_file.KEYS,
        *rule_match.KEYS,
        *rule_follow_up.KEYS,
        *rule_plan.KEYS,
        *rule_content.TYPES,
        *sorted(rule.PUSHED),
    ],
)
def test_every_key_and_name_stands_on_the_page(name: str) -> None:
    assert re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", PAGE)
