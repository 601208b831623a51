"""The bot that wxbot answers with here: on its pool of handlers, and on the webhook's own threads."""

from wxbot import Bot

bot, quick = Bot(), Bot(quick=True)


@bot.text()
@quick.text()
def answered() -> str:
    """Answer."""
    return "CA1501 14:05"
