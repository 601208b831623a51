"""A program as a user of wxbot writes one, checked by `mypy --strict` as they would."""

from datetime import timedelta

from wxbot import Article, Bot, Context, File, Image, MenuItem, MsgMenu, News, Plan, after, filters, notice, step
from wxbot.protocol.events import ClickEvent, SubscribeEvent
from wxbot.protocol.messages import ImageMessage, LocationMessage, Message, TextMessage

bot = Bot()
evening = filters.when(lambda now: now % 86_400 > 64_800)
journey = Plan(
    name="flight",
    steps=[step("boarding", "T-40m", "登机口 {{gate}}，请前往", priority="decisive")],
    changed={"gate": notice("登机口改为 {{gate}}")},
)


@bot.subscribe
def welcome(event: SubscribeEvent) -> str | News:
    if event.scene:
        return f"欢迎，来自 {event.scene}"
    return News([Article("欢迎", "先看这个", "https://example.com", "https://example.com/a.png")])


@bot.text(r"(?P<flight>[A-Z]{2}\d{3,4})")
def ask(flight: str, message: TextMessage, ctx: Context) -> str:
    asked: int = ctx.session.setdefault("asked", 0)
    ctx.session["asked"] = asked + 1
    ctx.follow_up(f"{flight} 登机", at=after(hours=2), priority="decisive", key=flight)
    ctx.plan(f"flight:{flight}", journey, moment=after(hours=3), facts={"gate": "C23"})
    return f"{message.Content}: {ctx.session['asked']}"


@bot.on(filters.text("订座") & ~evening)
def book(ctx: Context) -> str:
    count: int = ctx.ask("几位？", check=int)
    name: str = ctx.ask("怎么称呼？")
    return f"{name}, {count}"


@bot.click("GATE")
def gate(event: ClickEvent, ctx: Context) -> Image:
    ctx.follow_up(MsgMenu("满意吗？", [MenuItem("1", "满意"), MenuItem("2", "不满意")]), at=timedelta(minutes=5))
    return Image(File("gate.png"))


@bot.image
def keep(message: ImageMessage, ctx: Context) -> str:
    return ctx.download(message, "receipt.jpg").name


@bot.location
def near(message: LocationMessage) -> str:
    return f"{message.Location_X:.1f}, {message.Location_Y:.1f}"


@bot.default
def otherwise(message: Message) -> None:
    return None
