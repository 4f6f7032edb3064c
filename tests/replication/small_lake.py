"""A lake with one study of forty cities: every form that a regression column can take, estimated and stored."""

from pathlib import Path

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.matched_panel import Rules, match_panel
from resilience_pipeline.econometrics.tidy import to_frame
from resilience_pipeline.replication.folder import panel_of
from resilience_pipeline.study.load import load_study
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.lake import Lake

LONG = "a_control_whose_name_is_far_too_long_for_stata"
MATCHED_BY = {
    "start_year": 2018,
    "matching_design": "baseline",
    "matching_model": "probit",
    "matching_bandwidth": 0.06,
    "matching_support": "common",
}
CONTROLS = 'controls = ["size", "a_control_whose_name_is_far_too_long_for_stata"]'
EFFECTS = 'absorb = ["city_code", "year"]'
COLUMNS = {
    "pooled": "",
    "two_way": EFFECTS,
    "regions": 'absorb = ["city_code", "year", "region^year"]',
    "until": f'{EFFECTS}\nwhere = "year < 2018"',
    "east": f"{EFFECTS}\nwhere = \"region <> '东部' and size is not null\"",
    "untranslated": f'{EFFECTS}\nwhere = "exp(size) > 1"',
    "weighted": f'{EFFECTS}\nweights = "matching_weight"',
    "xtreg": f'{EFFECTS}\nssc = "xtreg"',
    "xtreg_regions": 'absorb = ["city_code", "region^year"]\nssc = "xtreg"',
    "all_counted": f'{EFFECTS}\nssc = "linearmodels"',
    "plain": f'{EFFECTS}\nssc = "none"',
    "kept": f'{EFFECTS}\nsingletons = "keep"',
    "iid": f'{EFFECTS}\nvcov = "iid"',
    "robust": f'{EFFECTS}\nvcov = "hc1"',
    "pooled_robust": 'vcov = "hc1"',
    "by_province": f'{EFFECTS}\ncluster = ["province"]',
}
HEAD = """
[study]
name = "small"
title = "A small study /* of mine */ `x' $y"
first_year = 2012
last_year = 2019

[variables.outcome]
table = "outcomes"
formula = "ln(loans_cny_10k)"
symbol = "OUT"
label_zh = "结果"
description = "An outcome"

[variables.size]
table = "controls"
formula = "ln(loans_cny_10k)"

[variables.a_control_whose_name_is_far_too_long_for_stata]
table = "controls"
formula = "ln(loans_cny_10k)"

[matching]
covariates = ["size", "a_control_whose_name_is_far_too_long_for_stata"]

[tables.small_1]
title = "Small"
"""


def study(folder: Path) -> Study:
    """The study, with one column for each of `COLUMNS`."""
    columns = "".join(
        f'\n[[tables.small_1.columns]]\nname = "{name}"\nlabel = "{name}"\noutcome = "outcome"\ntreatment = "did"\n'
        f"{CONTROLS}\n{text}\n"
        for name, text in COLUMNS.items()
    )
    path = folder / "small.toml"
    path.write_text(HEAD + columns, encoding="utf-8")
    return load_study(path)


def frames() -> dict[str, pl.DataFrame]:
    """The panel's tables: forty cities, eight years, gaps, a city that is left with one row."""
    rng = np.random.default_rng(3)
    city, year = np.repeat(np.arange(40), 8), 2012 + np.tile(np.arange(8), 40)
    key = {"city_code": [f"{110000 + 100 * c:06d}" for c in city], "year": year.astype(np.int32)}
    treat, post = (city < 12).astype(np.int32), (year >= 2016).astype(np.int32)
    size = rng.normal(size=320) + city / 40
    other = rng.normal(size=320) + 0.2 * (year - 2012)
    shock = rng.normal(size=(40, 8)).cumsum(axis=1).ravel() / 2
    outcome = 0.5 * treat * post + 0.3 * size - 0.2 * other + city / 10 + shock
    gone = (city == 39) & (year > 2012) | (np.arange(320) % 29 == 0)
    regions = ["东部", "中部", "西部", "东北"]
    return {
        "treatment": pl.DataFrame({**key, "treat": treat, "post": post, "did": treat * post}),
        "geography": pl.DataFrame(
            {
                **key,
                "name": [f"城市{c}" for c in city],
                "province": [f"省{c % 9}" for c in city],
                "region": [regions[c % 4] for c in city],
            }
        ),
        "outcomes": pl.DataFrame({**key, "outcome": outcome}),
        "controls": pl.DataFrame(
            {
                **key,
                "size": pl.Series(size).set(pl.Series(gone), None),
                "a_control_whose_name_is_far_too_long_for_stata": other,
            }
        ),
        "value_status": pl.DataFrame({**key, "variable": ["x"] * 320}),
    }


def filled(folder: Path, *, synthetic: bool = True) -> tuple[Lake, Study]:
    """The lake with the panel and every column estimated on it."""
    lake, declared = Lake(folder / "lake"), study(folder)
    for name, frame in frames().items():
        put(lake, ("panel", "small", name), frame, synthetic=synthetic)
    rules = Rules(("size", LONG), "treat", 2018)
    matched = match_panel(panel_of(lake, declared), rules)
    put(lake, ("panel", "small", "matching"), matched, synthetic=synthetic, options=MATCHED_BY)
    panel = panel_of(lake, declared)
    for specification in declared.table("small_1").columns:
        record = to_frame([estimate(specification, panel)])
        put(lake, ("estimates", *specification.name.split(".")), record, synthetic=synthetic)
    return lake, declared


def put(
    lake: Lake, key: tuple[str, ...], frame: pl.DataFrame, *, synthetic: bool = True, options: dict | None = None
) -> None:
    """Write a table."""
    lake.write(key, frame, run_id="run", code_version="1", inputs={}, options=options or {}, synthetic=synthetic)
