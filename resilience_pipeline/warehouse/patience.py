"""Try again what a network share, or a program that holds a file for a moment, refused. Nothing else is tried again.

A file that is missing, damaged or against a contract is so at the second look, too; only access is worth a second one.
"""

import errno
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Seconds before the second, third and fourth attempt.
WAITS = (0.2, 1.0, 4.0)
#: What shares say while they reconnect: handle gone stale, server away, busy; EIO is a soft mount's time-out.
_PASSING = {
    getattr(errno, name)
    for name in ("EAGAIN", "EBUSY", "EIO", "ESTALE", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "EREMOTEIO")
    if hasattr(errno, name)
}
#: Windows: access denied while somebody has the target open, sharing violation, lock violation.
_PASSING_ON_WINDOWS = {5, 32, 33}


def passes(error: OSError) -> bool:
    """Whether the refusal may be over in a moment."""
    return error.errno in _PASSING or getattr(error, "winerror", None) in _PASSING_ON_WINDOWS


def patiently(action: Callable[[], T], *, sleep: Callable[[float], None] = time.sleep) -> T:
    """What `action` returns; after a refusal that may pass, it is called again, up to three times.

    The last refusal, and every other error at once, is the caller's.
    """
    for wait in WAITS:
        try:
            return action()
        except OSError as error:
            if not passes(error):
                raise
        sleep(wait)
    return action()
