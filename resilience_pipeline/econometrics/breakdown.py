"""The largest violation of an assumption under which a conclusion stands."""

from collections.abc import Callable


def breakdown(stands: Callable[[float], bool], tolerance: float, first: float, largest: float) -> float:
    """Largest bound at which the conclusion stands, found by doubling from `first`, then by halving.

    Parameters
    ----------
    stands : whether it stands under a bound; once it has fallen, it stays so.
    tolerance : how near the answer is, from below; where it does not stand at `tolerance`, the answer is 0.
    largest : where it stands even beyond this, the answer is inf.
    """
    if not stands(tolerance):
        return 0.0
    low, high = tolerance, first
    while stands(high):
        low, high = high, 2 * high
        if low > largest:
            return float("inf")
    while high - low > tolerance:
        middle = (low + high) / 2
        low, high = (middle, high) if stands(middle) else (low, middle)
    return low
