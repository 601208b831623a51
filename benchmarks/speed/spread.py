"""How a figure of several rounds is told."""

import statistics
from collections.abc import Sequence


def times(values: Sequence[float], base: Sequence[float]) -> list[float]:
    """Return how many times the base of its own round each of these values is."""
    return [mine / theirs for mine, theirs in zip(values, base, strict=True)]


def spread(values: Sequence[float], shape: str) -> str:
    """Return the median, and the lowest and the highest in brackets."""
    return f"{statistics.median(values):{shape}} ({min(values):{shape}}–{max(values):{shape}})"
