"""A flight-status account: ask once about a flight, then hear of check-in, gate, boarding and landing.

Run it with `wxbot demo`. A flight of a day is a topic, and its plan is the same for all: whoever asks
subscribes. When the airline's system moves the departure or the gate (`wxbot plan`, the push API),
what is to come moves with it.
"""

from datetime import datetime

from wxbot import Bot, Context, Plan, TransferCustomerService, notice, step
from wxbot.examples.timetable import Departure, Timetable
from wxbot.shipped import shipped
from wxbot.times.spans import format_span

_DAY = 86_400  # seconds
HELP = "发送航班号，例如 CA1501；发送「人工」找客服。"
FLIGHT = Plan(
    name="flight",
    steps=[
        step("checkin", "T-4h", "{{flight}} 开始值机，请提前办理。", not_after="3h"),
        step("gate", "T-90m", "{{flight}} 登机口 {{gate}}。", not_after="50m"),
        step(
            "boarding",
            "T-40m",
            "{{flight}} 开始登机，请前往 {{gate}} 登机口。",
            not_after="40m",
            priority="decisive",
        ),
        step("landing", "T+{{duration}}", "{{flight}} 已到达{{destination}}，行李转盘 {{belt}}。"),
        step("miles", "T+{{duration}}+2d", "{{flight}} 的里程 {{km}} 公里已入账。"),
    ],
    moved=notice("{{flight}} 改为 {{month_day}} {{time}} 起飞。", priority="decisive"),
    changed={"gate": notice("{{flight}} 登机口改为 {{gate}}。", priority="decisive")},
)


def flight_bot(timetable: Timetable) -> Bot:
    """Return the bot for a timetable."""
    bot = Bot()

    @bot.subscribe
    def welcome() -> str:
        return "欢迎关注航班动态。发送航班号（例如 CA1501），值机、登机口、登机和到达都会通知你。"

    @bot.text(r"(?i)(?P<number>[A-Z]{2}\d{3,4})")
    def status(number: str, ctx: Context) -> str:
        departure = timetable.next_departure(number.upper(), ctx.now)
        if departure is None:
            return unknown(number, timetable)
        ctx.plan(topic(departure), FLIGHT, moment=departure.departs_at, facts=facts(departure))
        return told(departure, ctx)

    @bot.text(r"(?i)退订\s*(?P<number>[A-Z]{2}\d{3,4})")
    def leave(number: str, ctx: Context) -> str:
        for moment in (ctx.now - _DAY, ctx.now):  # the one in the air, and the next
            departure = timetable.next_departure(number.upper(), moment)
            if departure is None:
                return unknown(number, timetable)
            ctx.unsubscribe(topic(departure))
        return f"已退订 {number.upper()}，不再通知。"

    bot.text("评价")(rate)

    @bot.text("人工")
    def human(ctx: Context) -> TransferCustomerService:
        return ctx.transfer()

    @bot.click("HELP")
    def help_tapped() -> str:
        return HELP

    @bot.default
    def help_wanted() -> str:
        return HELP

    return bot


def rate(ctx: Context) -> str:
    """Ask how it was: the two questions are two pushes, and a restart between them changes nothing."""
    stars = ctx.ask("这次旅程几颗星？请回复 1 到 5。", check=stars_in)
    words = ctx.ask("想说点什么？")
    return f"谢谢！{'★' * stars}「{words}」已转告。"


def stars_in(text: str) -> int:
    """Return how many stars are given; raises ValueError for what is no number of 1 to 5."""
    stars = int(text)
    if not 1 <= stars <= 5:
        raise ValueError(text)
    return stars


def unknown(number: str, timetable: Timetable) -> str:
    """Return the answer to a flight number that is not in the timetable."""
    return f"没有查到 {number.upper()}。可以查的有：{'、'.join(timetable.numbers)}。"


def topic(departure: Departure) -> str:
    """Return what those who asked about a departure subscribe to: `flight:CA1501:2026-11-25`."""
    return f"flight:{departure.flight.number}:{departure.departs_at:%Y-%m-%d}"


def facts(departure: Departure) -> dict[str, str]:
    """Return what the timetable tells of a departure, for the plan's texts."""
    flight = departure.flight
    return {
        "flight": flight.number,
        "destination": flight.destination,
        "gate": flight.gate,
        "belt": flight.belt,
        "km": f"{flight.km:,}",
        "duration": format_span(int((departure.arrives_at - departure.departs_at).total_seconds())),
    }


def told(departure: Departure, ctx: Context) -> str:
    """Return the answer to who asks: by the timetable, or what the airline has told since."""
    flight, news = departure.flight, ctx.planned(topic(departure))
    leaves = departure.departs_at
    if news.is_cancelled:
        last = "已取消。有变化会通知你。"
    elif news.moment is None or news.moment == leaves.timestamp():
        last = "准点，登机口待定。有变化会通知你。"
    else:
        late = datetime.fromtimestamp(news.moment, leaves.tzinfo)
        last = f"改为 {late:%m-%d %H:%M} 起飞。再有变化会通知你。"
    return (
        f"{flight.number} {flight.origin} → {flight.destination}\n"
        f"{leaves:%m-%d} 计划 {flight.departs} 起飞，{flight.arrives} 到达\n{last}"
    )


bot = flight_bot(Timetable(shipped("flights.toml")))
