"""How long a message waits before it is tried again: exponential, with full jitter.

Pure: the caller brings the random number. Full jitter, because many messages fail in the same
second and must not come back in the same second. Source: docs/platform.md §7.
"""

MAX_ATTEMPTS = 6  # tries of one message in all, the first included
BASE = 2.0  # seconds; the most that may pass before the second try
CAP = 300.0  # seconds; the most that may ever pass
_ENOUGH_DOUBLINGS = 16  # past the cap, and a count gone wild costs no memory


def delay(attempt: int, jitter: float) -> float:
    """Return the seconds to wait after try number `attempt` (1 is the first) failed.

    Anything from 0 up to, not including, 2 s x 2^(attempt - 1), at most 300 s: `jitter` in [0, 1)
    says where. Raises ValueError for arguments outside these ranges.
    """
    if attempt < 1:
        raise ValueError(f"tries are counted from 1, not {attempt}")
    if not 0 <= jitter < 1:
        raise ValueError(f"jitter is at least 0 and less than 1, not {jitter}")
    return jitter * min(CAP, BASE * 2.0 ** min(attempt - 1, _ENOUGH_DOUBLINGS))
