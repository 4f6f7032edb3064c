"""Whom the policy helps more: three flags of each city and year, and the multiplier that they make of the effect.

Nothing here responds to the policy. The flags rest on one latent trait of the city, its modernity, so they go
together; each also moves by itself over the years, so that most cities stand on both sides of the first two.
"""

from dataclasses import dataclass

import numpy as np

from resilience_pipeline.twin import calibration as cal
from resilience_pipeline.twin.cities import City
from resilience_pipeline.twin.printing import as_printed
from resilience_pipeline.twin.processes import Array, bounded_ar1, gaussian_ar1, standardised


@dataclass(frozen=True)
class Moderators:
    """Flags as the paper's Tables 6 to 8 split the rows, and what a publisher prints of them."""

    digital: np.ndarray  # (cities, years) booleans: a policy for the digital economy
    mentions: np.ndarray  # (cities, years) integers: 0 to 2 without the policy, 3 or more with it
    ip_index: Array  # (cities, years) protection of intellectual property, as printed
    ip_high: np.ndarray  # (cities, years) booleans: above the median of the year over kept cities
    non_resource: np.ndarray  # (cities, years) booleans: not on the list of 2013

    @property
    def flags(self) -> dict[str, np.ndarray]:
        """The three that raise the effect, by name."""
        return {"digital": self.digital, "ip_high": self.ip_high, "non_resource": self.non_resource}


def draw_moderators(
    rng: np.random.Generator, places: tuple[City, ...], kept: np.ndarray, size: Array, T: int
) -> Moderators:
    """The flags of `places` over T years."""
    n = len(places)
    non_resource = np.array([not c.resource_class for c in places])
    # the trait itself, not its ranks: the list of resource-based cities is a fact of two values
    modernity = standardised(
        cal.MODERN_NON_RESOURCE * standardised(non_resource.astype(float))
        + cal.MODERN_SIZE * size
        + cal.MODERN_OWN * rng.standard_normal(n)
    )
    shared = gaussian_ar1(rng, n, T, cal.IP_AR1)
    own = np.sqrt(1 - cal.FLAG_SHARED**2)
    ease = np.linspace(-cal.DIGITAL_RISE, cal.DIGITAL_RISE, T)
    digital = (
        ease[None, :]
        + cal.DIGITAL_LOADING * modernity[:, None]
        + cal.FLAG_SHARED * shared
        + own * rng.standard_normal((n, T))
    ) > 0
    score = modernity[:, None] + cal.IP_WITHIN * (cal.FLAG_SHARED * shared + own * bounded_ar1(rng, n, T, cal.IP_AR1))
    index = as_printed("ip_protection_index", np.exp(cal.IP_LOG_SPREAD * score))
    few, many = rng.choice(cal.FEW_MENTIONS, size=(n, T)), rng.choice(cal.MANY_MENTIONS, size=(n, T))
    return Moderators(
        digital=digital,
        mentions=np.where(digital, many, few),
        ip_index=index,
        ip_high=index > np.median(index[kept], axis=0),
        non_resource=np.broadcast_to(non_resource[:, None], (n, T)),
    )


def multiplier(moderators: Moderators, rows: np.ndarray, heterogeneity: float) -> Array:
    """What the planted mean effect is multiplied with: 1 + heterogeneity * sum_j h_j (flag_j - mean of flag_j).

    Means are over `rows` (treated rows of kept cities), so the multiplier's mean is one there. With gains g_j,
    h_j = g_j / sum_j g_j mean_j: where no flag is up, nothing is left of a wholly heterogeneous effect, and nowhere
    does it turn against trade.

    Returns
    -------
    Array
        shape (cities, years).
    """
    flags = {name: flag.astype(np.float64) for name, flag in moderators.flags.items()}
    means = {name: float(flag[rows].mean()) for name, flag in flags.items()}
    total = sum(cal.GAINS[name] * means[name] for name in flags)
    excess = sum(cal.GAINS[name] / total * (flag - means[name]) for name, flag in flags.items())
    return np.asarray(1 + heterogeneity * excess, dtype=np.float64)
