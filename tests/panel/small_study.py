"""A study of twelve cities and six years with every part of a large one: composites, controls, gaps, pilots."""

import numpy as np
import polars as pl

from resilience_pipeline.options import Options
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.staging.schema import PILOTS
from resilience_pipeline.study.needs import needed_indicators
from resilience_pipeline.study.study import Study, Variable
from tests.grid.staged import series, staged

FIRST, LAST = 2015, 2020
CITIES = ("110000", *(f"33{c:02d}00" for c in range(1, 9)), "410100", "410200", "440300")
STUDY = Study(
    "small",
    "A small study",
    FIRST,
    LAST,
    (
        Variable(
            "financing",
            "controls",
            "",
            option="financing",
            readings={"log_loans": "ln(loans_cny_10k)", "inverse_credit_index": "-finance_credit_index"},
        ),
        Variable("log_freight", "controls", "ln(freight_10k_tonnes)"),
        Variable("environment", "mediators", "business_environment_index"),
    ),
    (),
    composites=True,
    required_indicators=("gdp_cny_10k", "loans_cny_10k"),
    province_mean_indicators=("supplier_top5_share_pct", "customer_top5_share_pct"),
)
NATIONAL = {"consumer_price_index": 102.0}
UNDELIVERED = ("business_environment_index",)


def observations(study=STUDY, **changed):
    """All indicators of the study for all cities; `changed` replaces series, "city__indicator" -> values."""
    rng = np.random.default_rng(5)
    parts = []
    for name in sorted({*needed_indicators(study, Options()), "finance_credit_index"} - set(UNDELIVERED)):
        if name in NATIONAL:
            parts.append(series("000000", name, [NATIONAL[name]] * 6, FIRST, scope="nation"))
            continue
        for city in CITIES:
            drawn = [float(v) for v in rng.lognormal(3, 0.4, size=6)]
            parts.append(series(city, name, changed.get(f"c{city}__{name}", drawn), FIRST))
    return staged(*parts)


def pilot_list(*names: tuple[str, str]) -> pl.DataFrame:
    """Staged pilots from (kind, city_code)."""
    rows = [
        {"number": i, "printed_name": f"name {i}", "resolved_name": f"name {i}", "kind": kind, "city_code": code}
        for i, (kind, code) in enumerate(names, start=1)
    ]
    return pl.DataFrame(rows, schema=PILOTS)


LISTED = (("municipality", "110000"), ("prefecture", "330100"), ("county", "330700"), ("zone", "410100"))


def run(observed=None, pilots=LISTED, wanted=None, study=STUDY, **settings):
    """Tables of the small study by their last name."""
    lake = {
        ("staging", "city_yearbook"): observations() if observed is None else observed,
        ("staging", "pilot_list"): pilot_list(*pilots),
    }
    keys = None if wanted is None else [("panel", study.name, name) for name in wanted]
    return {key[-1]: table for key, table in panel_frames(study, lake, Options.of(settings), keys).items()}
