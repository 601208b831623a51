"""A flight-status account: ask once about a flight, then hear of check-in, gate, boarding and landing.

Run it with `wxbot demo`. Each follow-up has a key, so that asking twice does not send it twice. Whoever
asked also gets what is published to the flight: `wxbot publish flight:CA1501:2026-11-25 登机口改为C25 --key K`.
"""

from datetime import timedelta

from wxbot import Bot, Context, TransferCustomerService
from wxbot.examples.timetable import Departure, Timetable
from wxbot.shipped import shipped

_DAY = 86_400  # seconds
HELP = "发送航班号，例如 CA1501；发送「人工」找客服。"


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
        plan(departure, ctx)
        ctx.subscribe(topic(departure))
        flight = departure.flight
        return (
            f"{flight.number} {flight.origin} → {flight.destination}\n"
            f"{departure.departs_at:%m-%d} 计划 {flight.departs} 起飞，{flight.arrives} 到达\n"
            "准点，登机口待定。有变化会通知你。"
        )

    @bot.text(r"(?i)退订\s*(?P<number>[A-Z]{2}\d{3,4})")
    def leave(number: str, ctx: Context) -> str:
        for moment in (ctx.now - _DAY, ctx.now):  # the one in the air, and the next
            departure = timetable.next_departure(number.upper(), moment)
            if departure is None:
                return unknown(number, timetable)
            ctx.unsubscribe(topic(departure))
        return f"已退订 {number.upper()} 的临时通知。已排定的值机、登机和到达提醒照常。"

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


def unknown(number: str, timetable: Timetable) -> str:
    """Return the answer to a flight number that is not in the timetable."""
    return f"没有查到 {number.upper()}。可以查的有：{'、'.join(timetable.numbers)}。"


def topic(departure: Departure) -> str:
    """Return what those who asked about a departure subscribe to: `flight:CA1501:2026-11-25`."""
    return f"flight:{departure.flight.number}:{departure.departs_at:%Y-%m-%d}"


def plan(departure: Departure, ctx: Context) -> None:
    """Queue what the traveller will want to know, leaving out what has passed."""
    flight, leaves, lands = departure.flight, departure.departs_at, departure.arrives_at
    news = [
        ("checkin", leaves - timedelta(hours=4), f"{flight.number} 开始值机，请提前办理。"),
        ("gate", leaves - timedelta(minutes=90), f"{flight.number} 登机口 {flight.gate}。"),
        ("landing", lands, f"{flight.number} 已到达{flight.destination}，行李转盘 {flight.belt}。"),
        ("miles", lands + timedelta(days=2), f"{flight.number} 的里程 {flight.km:,} 公里已入账。"),
    ]
    about = f"{flight.number}:{leaves:%Y-%m-%d}"
    for what, at, text in news:
        if at.timestamp() > ctx.now:
            ctx.follow_up(text, at=at, key=f"{about}:{what}")
    boarding = leaves - timedelta(minutes=40)
    if boarding.timestamp() > ctx.now:
        text = f"{flight.number} 开始登机，请前往 {flight.gate} 登机口。"
        ctx.follow_up(text, at=boarding, not_after=leaves, priority="decisive", key=f"{about}:boarding")


bot = flight_bot(Timetable(shipped("flights.toml")))
