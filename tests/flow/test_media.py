"""Files in messages: uploaded once, again when they have expired, and fetched from what users send."""

import json
import re
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import Result

from flow.conftest import Slow
from flow.stage import Stage, senders, staged
from flow.test_commands import invoke
from flow.test_push_api import Caller
from wxbot import wiring
from wxbot.errors import InvalidMessage, NotFound, Refused, TooLarge
from wxbot.platform.media import Media, _ToFile
from wxbot.protocol.content import File, Image, Video
from wxbot.protocol.media import MARK, MediaFile, Use
from wxbot.protocol.outgoing import message_json
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context, after
from wxbot.store import media as files
from wxbot.store.engine import Store

PNG = b"\x89PNG\r\n\x1a\n" + b"a gate"
JPG = b"\xff\xd8\xff" + b"a thumb"
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"a film"
UPLOAD, SEND = "/cgi-bin/media/upload", "/cgi-bin/message/custom/send"
DAY = 86_400.0


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "gate.png"
    path.write_bytes(PNG)
    return path


@pytest.fixture
def bot(picture: Path, slow: Slow) -> Bot:
    bot = Bot()

    @bot.text("picture")
    def show() -> Image:
        return Image(File(str(picture)))

    @bot.text("later")
    def later(ctx: Context) -> str:
        ctx.follow_up(Image(File(str(picture))), at=after(days=1))
        return "tomorrow"

    @bot.text("much later")
    def much_later(ctx: Context) -> str:
        ctx.follow_up(Image(File("gate.png", PNG)), at=after(days=4))
        return "on Friday"

    @bot.text("film")
    def film() -> Video:
        return Video(File("film.mp4", MP4), "a film", thumb_media_id=File("thumb.jpg", JPG))

    @bot.text("gone")
    def gone() -> Image:
        return Image(File("no-such-file.png"))

    @bot.text("slow picture")
    def slowly() -> Image:
        slow.work()
        return Image(File(str(picture)))

    @bot.image
    def got(message: Any, ctx: Context) -> str:
        return ctx.download(message, picture.parent / "sent.png").name

    return bot


@pytest.fixture
def stage(url: str, bot: Bot) -> Iterator[Stage]:
    with staged(url, bot, reply_budget=3.0) as one:
        yield one


@pytest.fixture
def lone(database: Path, bot: Bot) -> Iterator[Stage]:
    """On SQLite, with a sender."""
    with staged(f"sqlite:///{database}", bot, reply_budget=3.0) as one:
        yield one


@pytest.fixture
def still(database: Path, bot: Bot) -> Iterator[Stage]:
    with staged(f"sqlite:///{database}", bot, sending=False, reply_budget=3.0) as one:
        yield one


@pytest.fixture
def store(still: Stage) -> Iterator[Store]:
    one = still.store()
    yield one
    one.close()


@pytest.fixture
def shelf(still: Stage, store: Store) -> Media:
    return wiring.media(store, still.clock, still.settings, "default")


def uploads(stage: Stage) -> int:
    """How many files the platform has taken or refused."""
    return sum(one["path"].startswith(UPLOAD) for one in stage.get("/sim/exchanges")["exchanges"])


def sent_ids(stage: Stage) -> list[str]:
    """The media_ids of the pictures that were sent as follow-ups, oldest first."""
    sent = [one for one in stage.get("/sim/exchanges")["exchanges"] if one["path"].startswith(SEND)]
    bodies = [json.loads(one["request"]) for one in reversed(sent)]
    return [body["image"]["media_id"] for body in bodies if "image" in body]


def test_one_file_is_uploaded_once_for_all_who_see_it(stage: Stage) -> None:
    for user in (stage.user(), stage.user()):
        stage.say(user, "picture")

        assert len(stage.shown(user, "passive")) == 1
    assert uploads(stage) == 1
    assert stage.states() == []


def test_a_file_that_has_expired_is_uploaded_again_before_its_follow_up(lone: Stage) -> None:
    user = lone.user()
    lone.say(user, "picture")
    lone.clock.advance(2 * DAY + 7200)
    lone.say(user, "later")
    lone.clock.advance(DAY)
    lone.until(lambda: lone.states() == ["sent"])

    assert uploads(lone) == 2
    assert len(sent_ids(lone)) == 1


def test_a_file_of_which_the_platform_knows_nothing_more_is_uploaded_once_more(lone: Stage) -> None:
    user = lone.user()
    lone.say(user, "later")
    lone.fault("errcode", errcode=40007)
    lone.clock.advance(DAY)
    lone.until(lambda: lone.states() == ["sent"])

    first, second = sent_ids(lone)
    assert first != second
    assert uploads(lone) == 2


def test_a_file_that_is_refused_even_when_new_is_not_tried_for_ever(lone: Stage) -> None:
    lone.say(lone.user(), "later")
    lone.fault("errcode", errcode=40007, times=9)
    lone.clock.advance(DAY)
    lone.until(lambda: lone.states() == ["refused"])

    assert len(sent_ids(lone)) == 2


def test_a_message_whose_file_cannot_be_uploaded_waits_and_others_do_not(lone: Stage) -> None:
    user, other = lone.user(), lone.user()
    lone.fault("errcode", path=UPLOAD, errcode=45009, times=1)
    lone.say(user, "later")
    lone.say(other, "later")
    lone.clock.advance(DAY)
    lone.until(lambda: sorted(lone.states()) == ["queued", "sent"])
    assert lone.rows("SELECT * FROM gates WHERE until > 0") == []
    lone.clock.advance(1000)
    lone.until(lambda: lone.states() == ["sent", "sent"])


def test_a_reply_whose_file_could_not_be_uploaded_in_time_is_a_follow_up(lone: Stage) -> None:
    user = lone.user()
    lone.fault("errcode", path=UPLOAD, errcode=-1)
    lone.say(user, "picture")
    lone.until(lambda: lone.states() == ["sent"])

    assert (lone.shown(user, "passive"), len(lone.shown(user, "custom"))) == ([], 1)


def test_a_late_answer_shows_its_file_too(database: Path, bot: Bot, slow: Slow) -> None:
    with staged(f"sqlite:///{database}", bot) as stage:
        user = stage.user()
        stage.say(user, "slow picture")
        slow.go.set()
        stage.until(lambda: stage.shown(user, "custom"))

        assert uploads(stage) == 1


def test_a_quick_bot_does_not_upload_while_the_user_waits(database: Path, picture: Path) -> None:
    bot = Bot(quick=True)
    bot.text()(lambda: Image(File(str(picture))))
    with staged(f"sqlite:///{database}", bot, sending=False) as stage:
        user = stage.user()
        stage.say(user, "once")
        assert (uploads(stage), stage.states()) == (0, ["queued"])

        with senders(stage.settings, stage.clock, 1):
            stage.until(lambda: stage.states() == ["sent"])
        stage.say(user, "again")
        assert len(stage.shown(user, "passive")) == 1


def test_a_video_has_two_files(still: Stage) -> None:
    user = still.user()
    still.say(user, "film")

    assert len(still.shown(user, "passive")) == 1
    assert sorted(row[0] for row in still.rows("SELECT kind FROM media")) == ["thumb", "video"]


def test_a_handler_that_shows_a_file_which_is_not_there_has_failed(still: Stage) -> None:
    still.say(still.user(), "gone")

    ((state, error),) = still.rows("SELECT state, error FROM pushes")
    assert state == "failed"
    assert "no-such-file.png cannot be read: No such file or directory" in error


def test_a_picture_that_a_user_sends_is_fetched(still: Stage, picture: Path) -> None:
    user = still.user()
    posted = requests.post(f"{still.platform}/sim/media", data=PNG, headers={"Content-Type": "image/png"})
    still.act(user, "image", mediaid=posted.json()["media_id"])

    assert still.shown(user, "passive") == ["sent.png"]
    assert (picture.parent / "sent.png").read_bytes() == PNG


def test_what_is_too_large_or_gone_leaves_no_file(still: Stage, shelf: Media, tmp_path: Path) -> None:
    posted = requests.post(f"{still.platform}/sim/media", data=PNG * 500, headers={"Content-Type": "image/png"})
    kept = posted.json()["media_id"]
    there = sorted(tmp_path.iterdir())

    with pytest.raises(TooLarge):
        shelf.download(kept, tmp_path / "large", most=1000)
    with pytest.raises(Refused, match="40007"):
        shelf.download("bad", tmp_path / "gone", most=1000)
    assert sorted(tmp_path.iterdir()) == there


def test_a_file_that_is_too_large_is_noticed_also_when_its_size_was_not_told(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        sink = _ToFile(file, 10, lambda done, total: None)
        sink.begin("image/png", 0)
        sink.take(PNG[:10])
        with pytest.raises(TooLarge, match="more than the 10 bytes"):
            sink.take(b"0")


def test_processes_that_want_the_same_file_upload_it_once(still: Stage) -> None:
    def wanting(seen: list[str]) -> None:
        store = still.store()
        try:
            shelf = wiring.media(store, still.clock, still.settings, "default")
            seen.append(shelf.media_id(shelf.keep(MediaFile("image", "gate.png", PNG))))
        finally:
            store.close()

    seen: list[str] = []
    threads = [threading.Thread(target=wanting, args=(seen,)) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert (len(seen), len(set(seen)), uploads(still)) == (4, 1, 1)


def test_an_upload_tells_how_far_it_is(shelf: Media) -> None:
    told: list[tuple[int, int]] = []
    use = shelf.keep(MediaFile("image", "gate.png", PNG + b"0" * 100_000))
    shelf.media_id(use, lambda done, total: told.append((done, total)))

    assert len(told) > 2
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1] > 100_000


def test_what_is_not_kept_can_be_named_by_nobody(still: Stage, shelf: Media) -> None:
    user = still.user()
    still.say(user, "hello")
    stranger = Use("image", "0" * 64)
    with pytest.raises(NotFound, match="wxbot media upload"):
        shelf.media_id(stranger)
    message = json.dumps({"type": "image", "media_id": MARK + stranger.digest})
    done = invoke(still, "send", user, "--message", message)

    assert done.exit_code == 1
    assert "wxbot media upload FILE --type image" in done.output


def test_files_are_forgotten_when_nothing_has_wanted_them_for_long(still: Stage, shelf: Media) -> None:
    still.say(still.user(), "much later")
    shelf.keep(MediaFile("thumb", "thumb.jpg", JPG))
    assert len(still.rows("SELECT digest FROM media")) == 2
    still.clock.advance(91 * DAY)

    with senders(still.settings, still.clock, 1):
        still.until_equal([("image",)], lambda: still.rows("SELECT kind FROM media"))
        still.clock.advance(4 * DAY)
        still.until_equal([], lambda: still.rows("SELECT kind FROM media"))


def told(stage: Stage, *arguments: str, status: int = 0) -> str:
    """What a command prints, at the stage's time."""
    clock = Path(stage.settings.database_url.removeprefix("sqlite:///")).with_name("clock")
    clock.write_bytes(struct.pack("<d", stage.clock.now() - time.time()))
    done: Result = invoke(stage, *arguments, WXBOT_CLOCK_FILE=str(clock))
    assert done.exit_code == status, done.output
    return done.output


def test_commands_keep_list_send_and_fetch(still: Stage, picture: Path) -> None:
    user = still.user()
    still.say(user, "hello")
    kept = json.loads(told(still, "media", "upload", str(picture), "--json"))
    (listed,) = json.loads(told(still, "media", "list", "--json"))
    message = json.dumps({"type": "image", "media_id": kept["reference"]})
    told(still, "send", user, "--message", message)
    still.clock.advance(60)
    with senders(still.settings, still.clock, 1):
        still.until(lambda: still.states() == ["sent"])
    fetched = picture.parent / "back.png"
    said = told(still, "media", "download", kept["media_id"], str(fetched))

    assert (kept["type"], listed["media_id"], listed["size"]) == ("image", kept["media_id"], len(PNG))
    assert sent_ids(still) == [kept["media_id"]]
    assert fetched.read_bytes() == PNG
    assert f"{len(PNG)} bytes, image/png" in said
    assert uploads(still) == 1
    assert kept["reference"] in told(still, "media", "list")


def test_a_media_id_may_begin_with_a_dash(still: Stage, tmp_path: Path) -> None:
    assert "back.png" in told(still, "media", "download", "-8mBp_1Xh", str(tmp_path / "back.png"))


def test_commands_say_what_is_wrong_with_a_file(still: Stage, tmp_path: Path) -> None:
    text, large = tmp_path / "a.txt", tmp_path / "a.jpg"
    text.write_text("no picture")
    large.write_bytes(JPG + b"0" * 70_000)

    assert "no picture, voice note or video" in told(still, "media", "upload", str(text), status=1)
    said = told(still, "media", "upload", str(large), "--type", "thumb", status=1)
    assert "a.jpg has 70,010 bytes; as thumb the platform takes 65,536" in said
    assert "try again" not in said
    assert "40007" in told(still, "media", "download", "bad", str(tmp_path / "x"), status=1)


def test_the_push_api_keeps_a_file_and_sends_it(still: Stage) -> None:
    user, caller = still.user(), Caller(still, "send")
    still.say(user, "hello")
    kept = caller.call("POST", "/media?name=gate.png", data=PNG)
    again = caller.call("POST", "/media?type=image", data=PNG, headers={"Content-Type": "image/png"})
    sent = caller.call(
        "POST",
        "/messages",
        json={"openid": user, "message": {"type": "image", "media_id": kept.json()["media_id"]}},
    )

    assert (kept.status_code, again.json(), sent.status_code) == (201, kept.json(), 202)
    assert still.rows("SELECT name, size FROM media") == [("gate.png", len(PNG))]


def test_the_push_api_says_what_is_wrong_with_a_file(still: Stage) -> None:
    caller = Caller(still)
    form = caller.call("POST", "/media", files={"media": PNG})
    neither = caller.call("POST", "/media", data=b"no picture")
    thumb = caller.call("POST", "/media?type=thumb", data=PNG)

    assert (form.status_code, neither.status_code, thumb.status_code) == (415, 422, 422)
    assert "is no jpg, which is what the platform takes as thumb" in thumb.json()["detail"]
    assert caller.call("POST", "/media", data=PNG + b"0" * 10 * 1024**2).status_code == 413


def test_a_file_that_is_no_handlers_word_has_no_media_id() -> None:
    with pytest.raises(InvalidMessage, match="only what a handler says may show one"):
        message_json(Image(File("gate.png", PNG)))


def test_a_live_media_id_is_an_hour_short_of_three_days(still: Stage, shelf: Media, store: Store) -> None:
    use = shelf.keep(MediaFile("image", "gate.png", PNG))
    media_id = shelf.media_id(use)
    at = still.clock.now()
    known = store.read(lambda tx: [files.live(tx, "default", use, at + hours * 3600) for hours in (70.9, 71.1)])

    assert known == [media_id, ""]


def test_the_bot_in_the_guide_shows_its_files_and_keeps_a_receipt(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "media.md").read_text("utf-8")
    scope: dict[str, Any] = {"draw_gate": lambda gate: PNG + gate.encode()}
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(code, "docs/media.md", "exec"), scope)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "terminal-2.png").write_bytes(PNG)
    (tmp_path / "receipts").mkdir()
    with staged(f"sqlite:///{database}", scope["bot"], sending=False, reply_budget=3.0) as stage:
        user = stage.user()
        stage.say(user, "map")
        stage.act(user, "image")

        assert len(stage.shown(user, "passive")) == 2
        assert stage.states() == ["scheduled"]
        assert len(list((tmp_path / "receipts").iterdir())) == 1
