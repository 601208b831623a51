"""The airport day as a picture: an SVG written by hand, so that it needs no library and stays small. Pure."""

from collections.abc import Mapping, Sequence

from benchmarks.score import Score, Share
from benchmarks.svg import BROWN, GREEN, bar, opened, text

COLOURS = (GREEN, BROWN)  # of the runs, in their order
KINDS = (
    "check-in", "gate", "gate change", "delay", "cancelled", "boarding", "last call", "landed", "belt", "miles",
)  # fmt: skip
_WIDTH, _HEIGHT = 960, 430
_LEFT, _BARS, _ROW, _TOP = 110, 300, 34, 60  # pixels
_RIGHT, _ACROSS, _BASE, _TALL = 520, 410, 390, 300


def plot(scores: Mapping[str, Score]) -> str:
    """Return the picture of two runs: what arrived in time by kind, and what was missed by hour."""
    parts = [
        *opened(_WIDTH, _HEIGHT),
        *_legend(list(scores)),
        *_by_kind(list(scores.values())),
        *_by_hour(list(scores.values())),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    for number, name in enumerate(names):
        x = _LEFT + 90 * number
        parts += [
            f'<rect x="{x}" y="10" width="12" height="12" fill="{COLOURS[number]}"/>',
            text(x + 18, 20, name),
        ]
    return parts


def _by_kind(scores: Sequence[Score]) -> list[str]:
    parts = [text(_LEFT, 45, "arrived in time, of what was owed (%)", "title")]
    for row, kind in enumerate(kind for kind in KINDS if kind in scores[0].kinds):
        y = _TOP + _ROW * row
        parts.append(text(_LEFT - 8, y + 17, kind, anchor="end"))
        for number, one in enumerate(scores):
            share = percent(one.kinds[kind])
            parts += [
                bar(_LEFT, y + 13 * number, _BARS * share / 100, 12, COLOURS[number]),
                text(_LEFT + _BARS * share / 100 + 4, y + 13 * number + 10, f"{share:.0f}", "small"),
            ]
    return parts


def _by_hour(scores: Sequence[Score]) -> list[str]:
    hours = range(min(scores[0].hours, default=0), max(scores[0].hours, default=0) + 1)
    missed = [[_missed(one.hours.get(hour, Share())) for hour in hours] for one in scores]
    most = max(1, *(count for run in missed for count in run))
    step = _ACROSS / len(hours)
    parts = [text(_RIGHT, 45, f"decisive news missed, by hour (most: {most})", "title")]
    for place, hour in enumerate(hours):
        x = _RIGHT + step * place
        for number, run in enumerate(missed):
            tall = _TALL * run[place] / most
            parts.append(bar(x + step * 0.42 * number, _BASE - tall, step * 0.4, tall, COLOURS[number]))
        if hour % 3 == 0:
            parts.append(text(x, _BASE + 16, f"{hour % 24:02}:00", "small"))
    return [*parts, f'<path d="M{_RIGHT} {_BASE}h{_ACROSS}" stroke="#999"/>']


def percent(share: Share) -> float:
    """Return how much arrived in time, of 100."""
    return 100 * share.in_time / share.owed if share.owed else 0.0


def _missed(share: Share) -> int:
    return share.owed - share.in_time
