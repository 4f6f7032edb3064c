"""Randomisation inference: could other cities, had they been the pilots, have given such a coefficient?

Under the hypothesis that every treated row gained b0, the outcome without the policy is y - b0 D, whoever is treated.
So each fake treatment from the true start on gives the coefficient and t of that outcome on itself, and the true one
has its place among them. The interval holds every b0 that is not rejected (constant effect).

Two statistics are compared. The coefficient is exact where the treated cities were drawn like the fake ones and every
city's errors have one law. Studentised by the clustered error it stays right in large samples where the treated cities'
errors have another variance, which makes it the default p value.

References
----------
Fisher (1935); Hess (2017), ritest; MacKinnon and Webb (2020); Wu and Ding (2021), "Randomization tests for weak null
hypotheses in randomized experiments".
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.assignments import fake_cities
from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.inversion import InvertibleTest
from resilience_pipeline.econometrics.placebo import places_of, policy_of, prepared_for
from resilience_pipeline.econometrics.sample import NotEstimableError, draw_sample
from resilience_pipeline.econometrics.specification import Specification


@dataclass(frozen=True)
class RandomisationInference:
    """Both tests of one specification's treatment.

    coefficient, studentised : the tests. space : number of assignments that there are. n_treated, n_units : of the
    sample.
    """

    coefficient: InvertibleTest
    studentised: InvertibleTest
    space: int
    n_treated: int
    n_units: int


def randomisation_inference(
    spec: Specification, frame: pl.DataFrame, *, draws: int, rng: np.random.Generator
) -> RandomisationInference:
    """The randomisation tests of a treatment with one start, errors clustered as the specification says.

    Parameters
    ----------
    spec : its treatment is 1 in some units from one time on, else 0; one cluster, of whole units.
    draws : how many fake treatments to draw; all are listed where there are no more.

    Raises
    ------
    NotEstimableError : the specification is not estimable, or has no such treatment.
    """
    spec = replace(spec, vcov="cluster")
    observed = estimate(spec, frame, engines=("kernel",))
    if observed.status != "estimated":
        raise NotEstimableError(str(observed.reason), observed.status)
    sample = draw_sample(spec, frame)
    treated, start = policy_of(sample)
    term, treatment = observed.terms[0], sample.column(str(spec.treatment))
    # Centred at the estimate: there the true assignment's coefficient is zero.
    prepared = prepared_for(sample, sample.column(spec.outcome) - term.estimate * treatment)
    places, at = places_of(sample, treated), prepared.start_years.index(start)
    fakes = fake_cities(prepared.n_cities, len(places), at, draws, rng)
    along = prepared.statistics_along(treatment, fakes.cities, fakes.starts)
    ones, zeros = np.ones(len(fakes)), np.zeros(len(fakes))
    return RandomisationInference(
        InvertibleTest(term.estimate, 1.0, along.estimate, -along.slope, ones, zeros, zeros, fakes.listed),
        InvertibleTest(
            term.estimate,
            term.std_error,
            along.estimate,
            -along.slope,
            along.constant,
            -along.linear,
            along.quadratic,
            fakes.listed,
        ),
        fakes.space,
        len(places),
        prepared.n_cities,
    )
