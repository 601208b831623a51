"""`wxbot qrcode`: a QR code that subscribes whoever follows or scans through it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from wxbot.cli import show
from wxbot.cli.calling import calling
from wxbot.errors import WxbotError
from wxbot.platform.qrcode import LONGEST_LIFE, QrCode, make, picture
from wxbot.protocol.scene import scene_of
from wxbot.times.spans import parse_span


class Life(click.ParamType["int"]):
    """How long a code lives: a span of 1 second to 30 days."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds; fails with what is expected."""
        try:
            seconds = parse_span(value)
        except ValueError as exc:
            self.fail(str(exc), param, ctx)
        if not 1 <= seconds <= LONGEST_LIFE:
            self.fail(
                f"a code that expires lives for 1s to 30d, not {value}; without --expires for ever", param, ctx
            )
        return seconds


@click.command()
@click.argument("topic")
@click.option("--expires", type=Life(), help="How long it works: 7d, at most 30d. For ever if not given.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Keep its picture in this file.")
@show.ACCOUNT
@show.AS_JSON
def qrcode(topic: str, expires: int | None, out: Path | None, account: str, as_json: bool) -> None:
    """Make a QR code: who follows or scans through it subscribes to TOPIC.

    Codes for ever are counted: the platform makes 100,000 for an account.
    """
    with calling(account) as at:
        scene = scene_of(topic, at.of.scene_prefix)
        code = make(at.client, at.of.api_base, scene, expires)
        _tell(code, scene, as_json=as_json)
        if out is not None:  # told before, as the code is made already
            _keep(out, picture(at.of.api_base, code, at.using.sender.request_limit))


def _keep(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as exc:
        raise WxbotError(f"{out} cannot be written: {exc.strerror}") from exc


def _tell(code: QrCode, scene: str, *, as_json: bool) -> None:
    if as_json:
        show.document({"scene": scene, **asdict(code)})
        return
    life = "for ever" if code.seconds is None else f"for {show.span(code.seconds)}"
    click.echo(f"scene    {scene}, {life}")
    click.echo(f"picture  {code.image}")
    click.echo(f"says     {code.url}")
