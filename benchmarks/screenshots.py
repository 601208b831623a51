"""Make the pictures that the documentation shows: `python -m benchmarks.screenshots [phone|console]`."""

import shutil
from collections.abc import Callable
from pathlib import Path

import click
from playwright.sync_api import Browser, sync_playwright

from benchmarks import console_scene, phone_scene

_IMAGES = Path(__file__).parents[1] / "docs" / "images"
_CALM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run"]
_PAGES: dict[str, Callable[[Browser, Path], None]] = {"phone": phone_scene.take, "console": console_scene.take}


@click.command()
@click.argument("pages", nargs=-1, type=click.Choice(list(_PAGES)))
def screenshots(pages: tuple[str, ...]) -> None:
    """Make the pictures of some pages, or of all; look at them before they are committed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise click.ClickException("no Chromium here: apt-get install chromium fonts-noto-cjk")
    _IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_CALM)
        for page in pages or _PAGES:
            _PAGES[page](browser, _IMAGES)
        browser.close()
    for picture in sorted(_IMAGES.glob("*.png")):
        click.echo(f"{picture.name}: {picture.stat().st_size // 1024} KB")


if __name__ == "__main__":
    screenshots()
