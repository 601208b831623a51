from pathlib import Path

from wxbot.reply.bot import Bot


def load_rules(path: Path) -> Bot: ...
