"""The flight bot with answers to what is not text, for the pictures of the phone."""

from wxbot.examples.flight import flight_bot
from wxbot.examples.timetable import Timetable
from wxbot.protocol.content import Article, MenuItem, MsgMenu, News
from wxbot.reply.bot import Bot
from wxbot.shipped import shipped

_GUIDE = Article(
    "首都机场 T3 值机指南",
    "国内航班在 C 岛至 F 岛值机，起飞前 45 分钟截止",
    "https://example.com/guide",
    "https://example.com/guide.png",
)


def phone_bot() -> Bot:
    """Return the bot."""
    bot = flight_bot(Timetable(shipped("flights.toml")))

    @bot.text("值机")
    def guide() -> News:
        return News([_GUIDE])

    @bot.text("评价")
    def rating() -> MsgMenu:
        return MsgMenu(
            "这次出行满意吗？", [MenuItem("101", "满意"), MenuItem("102", "还可以"), MenuItem("103", "不满意")]
        )

    @bot.location
    def place() -> str:
        return "您在首都机场 T3，步行到 C23 登机口约 12 分钟。"

    @bot.voice
    def heard() -> str:
        return "CA1501 登机口 C23，13:25 开始登机。"

    @bot.image
    def seen() -> str:
        return "收到登机牌，座位 31A，祝旅途愉快。"

    return bot


bot = phone_bot()
