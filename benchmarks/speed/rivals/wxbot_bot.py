"""The bot that wxbot answers with here."""

from wxbot import Bot

bot = Bot()


@bot.text()
def answered() -> str:
    """Answer."""
    return "CA1501 14:05"
