"""Error rules: what stands between the bread, and by which small-sample factor it is multiplied.

The rules of small samples are named after the software whose printed number they give. With N rows, k regressors,
E parameters for the absorbed effects (1, the constant, where none is absorbed) and G clusters (the fewer of two ways):

=============  ===================  ==================================================================================
rule           iid, hc1             cluster
=============  ===================  ==================================================================================
reghdfe        N / (N - k - E)      G / (G - 1) * (N - 1) / (N - K); K = k + E without the effects nested in a cluster
                                    but with the constant (fixest and pyfixest: ``k_fixef="nonnested"``)
xtreg          N / (N - k - E)      the same form; K = k + E without the first absorbed effect, but with the constant
linearmodels   N / (N - k - E)      N / (N - k - E), all effects counted, no factor for the number of clusters
none           1                    1
=============  ===================  ==================================================================================

The factor multiplies the plain sandwich (HC0, or the sum over clusters without correction) and, for iid, RSS/N times
the inverse cross-product. t has G - 1 degrees of freedom under clusters and N - k - E else, under every rule.

References
----------
Cameron, Gelbach and Miller (2011), "Robust inference with multiway clustering"; Correia (2017), reghdfe;
Berge (2018), fixest. Verified against linearmodels, pyfixest and brute-force dummies in the tests.
"""

from collections.abc import Sequence

import numpy as np

from resilience_pipeline.econometrics.absorption import Absorber, Codes, Floats, compact, is_nested, level_sums
from resilience_pipeline.econometrics.error_rules import Covariance
from resilience_pipeline.econometrics.specification import SmallSample


def meat(scores: Floats, squared_error: float, vcov: Covariance, clusters: Sequence[Codes]) -> Floats:
    """The filling of the sandwich on an orthonormal basis, without any small-sample factor.

    Parameters
    ----------
    scores : shape (N, m); each row of the orthonormal basis times its residual.
    squared_error : RSS / N; what iid uses.
    clusters : one or two partitions of the rows, each of shape (N,); read where vcov is "cluster".

    Returns
    -------
    Shape (m, m). Two ways: V_a + V_b - V_ab (Cameron, Gelbach and Miller 2011, equation 2.3).
    """
    if vcov == "iid":
        return squared_error * np.eye(scores.shape[1])
    if vcov == "hc1":
        return scores.T @ scores
    if len(clusters) == 1:
        return _clustered(scores, clusters[0])
    first, second = clusters
    both = compact(first * (int(second.max()) + 1) + second)
    return _clustered(scores, first) + _clustered(scores, second) - _clustered(scores, both)


def _clustered(scores: Floats, cluster: Codes) -> Floats:
    sums = level_sums(scores, cluster, int(cluster.max()) + 1)
    return sums.T @ sums


def small_sample_factor(
    rule: SmallSample,
    vcov: Covariance,
    *,
    rows: int,
    regressors: int,
    rank: int,
    effects: Sequence[Codes] = (),
    clusters: Sequence[Codes] = (),
) -> float:
    """The factor of the table above.

    Parameters
    ----------
    rows, regressors : N and k, the constant not among k.
    rank : E.
    effects : the absorbed effects in the order of the specification, each of shape (N,).
    clusters : the clusters, each of shape (N,).
    """
    if rule == "none":
        return 1.0
    if vcov != "cluster" or rule == "linearmodels":
        return rows / (rows - regressors - rank)
    groups = fewest(clusters)
    counted = regressors + rank - _uncounted(rule, effects, clusters)
    return groups / (groups - 1) * (rows - 1) / (rows - counted)


def _uncounted(rule: SmallSample, effects: Sequence[Codes], clusters: Sequence[Codes]) -> int:
    """Parameters of effects that a rule leaves out; the constant stays in."""
    if rule == "xtreg":
        return int(effects[0].max()) if effects else 0
    nested = [effect for effect in effects if any(is_nested(effect, cluster) for cluster in clusters)]
    if not nested:
        return 0
    return int(nested[0].max()) if len(nested) == 1 else Absorber(nested).rank - 1


def fewest(clusters: Sequence[Codes]) -> int:
    """Number of clusters; of two ways the fewer."""
    return min(int(cluster.max()) + 1 for cluster in clusters)


def repaired(covariance: Floats) -> tuple[Floats, bool]:
    """The covariance with negative eigenvalues set to zero, and whether there were any.

    Two-way clustering with few clusters can give a matrix that is no covariance; reghdfe mends it the same way
    (Cameron, Gelbach and Miller 2011, section 2.3).
    """
    values, vectors = np.linalg.eigh(covariance)
    if values[0] >= -1e-12 * abs(values[-1]):
        return covariance, False
    return (vectors * np.maximum(values, 0.0)) @ vectors.T, True
