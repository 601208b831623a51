"""A bot without code: the rules file. Its reference is docs/rules.md."""

from pathlib import Path

from wxbot.reply.bot import Bot
from wxbot.reply.rules_file import read_rules


def load_rules(path: Path) -> Bot:
    """Return the bot of a rules file; raises RulesError with every mistake in it, each with its line."""
    bot = Bot(quick=True)  # its patterns are RE2's, which no text keeps busy, and it runs no code
    for rule in read_rules(path).rules:
        if rule.match is None:
            bot.default(rule.answer)
        else:
            bot.on(rule.match)(rule.answer)
    return bot


def check(path: Path) -> list[str]:
    """Return what is doubtful in a rules file, one a line; raises RulesError for what is wrong."""
    return list(read_rules(path).doubts)
