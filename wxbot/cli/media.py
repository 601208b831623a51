"""`wxbot media`: files that messages show, kept here by digest and uploaded when they are needed."""

from dataclasses import asdict
from pathlib import Path

import click

from wxbot import wiring
from wxbot.cli import show
from wxbot.cli.calling import Calling, calling
from wxbot.cli.opened import opened
from wxbot.cli.progress import progress
from wxbot.errors import InvalidMessage
from wxbot.opening import clock_of
from wxbot.platform.media import Media
from wxbot.protocol.media import KINDS, LARGEST, MARK, Kind, MediaFile, kind_of
from wxbot.store import media as files


@click.group()
def media() -> None:
    """Pictures, voice notes, videos and thumbnails, kept by digest and uploaded when they are needed."""


def _media(at: Calling) -> Media:
    return wiring.media(at.store, clock_of(at.using), at.using, at.account)


@media.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--type", "kind", type=click.Choice(KINDS), help="As what; told from the file if not given.")
@show.ACCOUNT
@show.AS_JSON
def upload(file: Path, kind: Kind | None, account: str, as_json: bool) -> None:
    """Keep FILE, upload it unless the platform has it, and print what messages call it."""
    kept = _read(file, kind)
    with calling(account) as at, progress(f"uploading {file.name}") as told:
        shelf = _media(at)
        media_id = shelf.media_id(shelf.keep(kept), told)
    if as_json:
        show.document({"reference": kept.reference, "type": kept.kind, "media_id": media_id})
        return
    click.echo(f"{kept.reference}\n  as {kept.kind}: write this for its media_id, and wxbot uploads it again")
    click.echo(f"  after three days, when the platform has forgotten its own name for it: {media_id}")


def _read(file: Path, kind: Kind | None) -> MediaFile:
    with file.open("rb") as opened_file:
        content = opened_file.read(LARGEST + 1)  # one byte more tells of one that is too large
    found = kind or kind_of(content)
    if found is None:
        raise InvalidMessage(f"{file} is no picture, voice note or video that the platform takes")
    return MediaFile(found, file.name, content)


@media.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@show.ACCOUNT
@show.AS_JSON
def listed(limit: int, account: str, as_json: bool) -> None:
    """List the files that are kept, the newest first."""
    store, now = opened(account)
    found = store.read(lambda tx: files.newest(tx, account, limit))
    if as_json:
        show.document([asdict(one) | {"reference": MARK + one.digest} for one in found])
        return
    show.table(
        ["media_id in messages", "type", "bytes", "name", "kept since", "wanted until", "platform has it until"],
        [
            [
                MARK + one.digest,
                one.kind,
                f"{one.size:,}",
                one.name,
                show.local(one.created_at),
                show.local(one.used_at),
                show.local(one.uploaded_at + files.FRESH) if one.is_live(now) else "-",
            ]
            for one in found
        ],
        "no file is kept: `wxbot media upload FILE` keeps one",
    )


# One media_id in 64 begins with a dash, and may have an h in it.
@media.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("media_id")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--most", type=click.IntRange(1), default=LARGEST, show_default=True, help="Bytes it may have.")
@show.ACCOUNT
def download(media_id: str, file: Path, most: int, account: str) -> None:
    """Fetch what a user sent, by the MEDIA_ID of the push, into FILE. The platform keeps it for three days."""
    with calling(account) as at, progress(f"fetching {file.name}") as told:
        content_type = _media(at).download(media_id, file, most=most, told=told)
    click.echo(f"{file}: {file.stat().st_size:,} bytes, {content_type}")
