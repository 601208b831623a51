"""How a figure of several rounds is told."""

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float], shape: str) -> str:
    """Return the median, and the lowest and the highest in brackets."""
    return f"{statistics.median(values):{shape}} ({min(values):{shape}}–{max(values):{shape}})"
