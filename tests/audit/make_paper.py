"""Writes `clean_paper/`: an invented paper whose figures are printed from one simulated panel, so all of them agree.

    python -m tests.audit.make_paper

60 cities, 2010 to 2019, 20 of them treated from 2015 on with a constant effect of 1; AR(1) errors, clustered by city.
The written folder is kept beside this script; the tests read the folder.
"""

from pathlib import Path

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.kernel import fit_arrays

FOLDER = Path(__file__).with_name("clean_paper")
CITIES, YEARS, FIRST, START, TREATED, EFFECT = 60, 10, 2010, 2015, 20, 1.0
LAST = FIRST + YEARS - 1
CONTROLS = ("log_income", "urban_share", "credit_index")
DRAWS = 500
TAIL = 0.01


def autocorrelated(rng, rho, scale):
    """AR(1) by city from its stationary law, shape (CITIES * YEARS,)."""
    noise = rng.normal(size=(CITIES, YEARS))
    series = np.empty_like(noise)
    series[:, 0] = noise[:, 0]
    for t in range(1, YEARS):
        series[:, t] = rho * series[:, t - 1] + np.sqrt(1 - rho**2) * noise[:, t]
    return scale * series.ravel()


def winsorised(x):
    """Pulled in at both percentiles of the whole sample."""
    return np.clip(x, *np.quantile(x, [TAIL, 1 - TAIL]))


def panel(seed=7):
    """One row per city and year."""
    rng = np.random.default_rng(seed)
    city, year = np.repeat(np.arange(CITIES), YEARS), np.tile(np.arange(FIRST, LAST + 1), CITIES)
    reform = ((city < TREATED) & (year >= START)).astype(float)
    level = rng.normal(size=CITIES)
    log_income = 10 + 0.5 * level[city] + 0.05 * (year - FIRST) + autocorrelated(rng, 0.5, 0.15)
    urban_share = np.clip(0.5 + 0.12 * rng.normal(size=CITIES)[city] + autocorrelated(rng, 0.5, 0.05), 0.05, 0.95)
    credit_index = np.clip(50 + 12 * rng.normal(size=CITIES)[city] + autocorrelated(rng, 0.5, 6), 5, 95)
    logistics = 0.3 * reform + autocorrelated(rng, 0.5, 0.3) + rng.normal(size=CITIES)[city]
    skills = 0.2 * reform + autocorrelated(rng, 0.5, 0.3) + rng.normal(size=CITIES)[city]
    direct = EFFECT - 0.3 - 0.2
    openness = direct * reform + logistics + skills + 0.8 * log_income + 2.0 * urban_share + 0.02 * credit_index
    openness = openness + 1.2 * rng.normal(size=CITIES)[city] + autocorrelated(rng, 0.85, 0.25)
    before = pl.DataFrame({"city": city, "y": openness, "year": year}).filter(pl.col("year") < START)
    base = before.group_by("city", maintain_order=True).agg(pl.col("y").mean())["y"].to_numpy()
    frame = {
        "city": city,
        "year": year,
        "region": city % 5,
        "reform": reform,
        "openness": openness,
        "openness_ratio": openness / base[city],
        "log_income": log_income,
        "urban_share": urban_share,
        "credit_index": credit_index,
        "logistics": logistics,
        "skills": skills,
    }
    continuous = set(frame) - {"city", "year", "region", "reform"}
    return pl.DataFrame({name: winsorised(x) if name in continuous else x for name, x in frame.items()})


def codes(*columns):
    """Level numbers of the groups that the columns make."""
    stacked = np.column_stack(columns)
    return np.unique(stacked, axis=0, return_inverse=True)[1].ravel()


class Column:
    """A regression with both effects and errors clustered by city."""

    def __init__(self, frame, outcome, terms, more=()):
        self.outcome, self.terms, self.rows = outcome, terms, frame.height
        y, x = frame[outcome].to_numpy(), frame.select(terms).to_numpy()
        city, year = codes(frame["city"]), codes(frame["year"])
        effects = [city, codes(frame["region"], frame["year"]) if more else year]
        fit = fit_arrays(y, x, effects=effects, clusters=[city])
        self.estimates = dict(zip((*terms, "const"), zip(fit.coefficients, fit.std_errors, strict=True), strict=True))
        self.r2 = 1 - fit.rss / ((y - y.mean()) ** 2).sum()
        self.cities = len(set(frame["city"]))

    def printed(self, table, number, label, shown=None):
        """Rows of coefficients.csv and the row of models.csv."""
        rows = []
        for term, (estimate, error) in self.estimates.items():
            if shown is None or term in shown:
                b, s = digits(estimate), digits(error)
                rows.append((table, number, label, self.outcome, term, b, s, stars(float(b) / float(s))))
        return rows, (table, number, self.rows, f"{self.r2:.3f}", "overall", self.cities, 1, 1, None)


def digits(x):
    """Three decimals, or three significant digits of a small number, as Stata's outreg2 prints."""
    return f"{x:#.3g}" if abs(x) < 0.1 else f"{x:.3f}"


def stars(z):
    """Of the normal law at 10, 5, 1 per cent."""
    return sum(abs(z) > level for level in (1.6449, 1.96, 2.5758))


def placebo_ends(frame, rng):
    """Smallest and largest estimate for random units, and for random units and dates on earlier rows."""
    earlier = frame.filter(pl.col("year") < START)
    return [
        (min(found), max(found))
        for found in (
            [false_estimate(frame, rng, START) for _ in range(DRAWS)],
            [false_estimate(earlier, rng, rng.integers(FIRST + 1, START)) for _ in range(DRAWS)],
        )
    ]


def false_estimate(frame, rng, start):
    """Estimate for randomly drawn units from `start` on."""
    drawn = rng.permutation(CITIES)[:TREATED]
    own = frame.with_columns(reform=(pl.col("city").is_in(drawn) & (pl.col("year") >= start)).cast(pl.Float64))
    return Column(own, "openness", ("reform", *CONTROLS)).estimates["reform"][0]


def write(name, header, rows):
    """A CSV of the folder."""
    pl.DataFrame(rows, schema=header, orient="row").write_csv(FOLDER / f"{name}.csv")


def main():
    """Write coefficients, models, descriptives; print what claims.csv and design.toml quote."""
    frame = panel()
    did, full = ("reform",), ("reform", *CONTROLS)
    first_year = frame.filter(pl.col("year") == FIRST).select("city", high=pl.col("log_income").rank() > CITIES / 2)
    split = frame.join(first_year, on="city", maintain_order="left")
    columns = [
        (2, 1, "effects", Column(frame, "openness", did), None),
        (2, 2, "controls and effects", Column(frame, "openness", full), None),
        (3, 1, "years to 2017", Column(frame.filter(pl.col("year") <= 2017), "openness", full), full),
        (3, 2, "region by year", Column(frame, "openness", full, more=("region",)), full),
        (3, 3, "ratio to own mean before 2015", Column(frame, "openness_ratio", full), full),
        (4, 1, "low income in 2010", Column(split.filter(~pl.col("high")), "openness", full), full),
        (4, 2, "high income in 2010", Column(split.filter(pl.col("high")), "openness", full), full),
    ]
    for number, mediator in ((1, "logistics"), (3, "skills")):
        columns.append((5, number, mediator, Column(frame, mediator, full), did))
        columns.append((5, number + 1, mediator, Column(frame, "openness", (*full, mediator)), (*did, mediator)))
    printed = [column.printed(table, number, label, shown) for table, number, label, column, shown in columns]
    write(
        "coefficients",
        ["table", "column", "label", "outcome", "term", "estimate", "std_error", "stars"],
        [row for rows, _ in printed for row in rows],
    )
    header = ["table", "column", "n_obs", "r2", "r2_kind", "n_cities", "city_fe", "year_fe", "note"]
    write("models", header, [model for _, model in printed])
    described = ("reform", "openness", "openness_ratio", *CONTROLS, "logistics", "skills")
    moments = [(name, frame.height, *(f"{v:.3f}" for v in summary(frame[name]))) for name in described]
    write("descriptives", ["variable", "n_obs", "mean", "sd", "min", "max"], moments)
    print(placebo_ends(frame, np.random.default_rng(11)))


def summary(x):
    """Mean, standard deviation, smallest and largest value."""
    return x.mean(), x.std(), x.min(), x.max()


if __name__ == "__main__":
    main()
