"""Pictures of figures, written by hand: no library, and small. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from html import escape
from math import isfinite

GREEN, BROWN = "#07a35a", "#c0603a"
_STYLE = "text{font:12px sans-serif;fill:#333}.title{font-size:14px;font-weight:bold}.small{font-size:11px}"
_LEFT, _ACROSS, _RIGHT, _ROW, _TOP = 200, 480, 100, 30, 50  # pixels


def bars(title: str, values: Mapping[str, Sequence[float]], aim: float) -> str:
    """Return a bar for each name, as long as the median of its values; a line from the lowest to the highest.

    What is wxbot's is green. A dashed line stands at the aim, which is below it. A line that would leave the
    picture ends at its edge.
    """
    medians = [statistics.median(each) for each in values.values()]
    most = 1.25 * max(aim, *(one for one in medians if isfinite(one)))
    scale = _ACROSS / most
    tall = _TOP + _ROW * len(values) + 30
    at = _LEFT + aim * scale
    parts = [*opened(_LEFT + _ACROSS + _RIGHT, tall), text(10, 24, title, "title")]
    for row, (name, each) in enumerate(values.items()):
        y, middle = _TOP + _ROW * row, min(statistics.median(each), most)
        colour = GREEN if name.startswith("wxbot") else BROWN
        low, high = (_LEFT + scale * min(one, most) for one in (min(each), max(each)))
        parts += [
            text(_LEFT - 8, y + 14, name, anchor="end"),
            bar(_LEFT, y, scale * middle, 20, colour),
            f'<path d="M{low:.1f} {y + 10}H{high:.1f}" stroke="#333"/>',
            text(high + 6, y + 14, f"{middle:.2f}", "small"),
        ]
    parts += [
        f'<path d="M{at:.1f} {_TOP - 10}V{tall - 24}" stroke="#333" stroke-dasharray="4 3"/>',
        text(at, tall - 10, f"aim: {aim:g}", "small", anchor="middle"),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def opened(width: int, height: int) -> list[str]:
    """Return how a picture of so many pixels begins; `</svg>` ends it."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f'<style>{_STYLE}</style><rect width="{width}" height="{height}" fill="#fff"/>',
    ]


def bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    """Return a filled rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def text(x: float, y: float, said: str, style: str = "", anchor: str = "start") -> str:
    """Return a line of text; `style` is title, small or none."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{escape(said)}</text>'
