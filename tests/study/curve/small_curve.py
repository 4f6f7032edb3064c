"""A curve over eight questions on the small study of twelve cities, and its results from the pipeline's own steps."""

from dataclasses import replace

from resilience_pipeline.options import Options
from resilience_pipeline.panel.chain import panel_frames
from resilience_pipeline.report.printer import Page, Published
from resilience_pipeline.report.render import render_page
from resilience_pipeline.step import Inputs
from resilience_pipeline.study.kind import estimate_key, part_key
from resilience_pipeline.study.kinds import curve as kind
from resilience_pipeline.study.steps import steps
from tests.panel.small_study import FIRST, LAST, LISTED, observations, pilot_list

STUDY = f"""
[study]
name = "mine"
title = "A small study"
first_year = {FIRST}
last_year = {LAST}
composites = true

[sample]
required = ["gdp_cny_10k"]

[variables.log_loans]
table = "controls"
formula = "ln(loans_cny_10k)"

[variables.log_freight]
table = "controls"
formula = "ln(freight_10k_tonnes)"

[tables.mine_1]
title = "Mine"

[[tables.mine_1.columns]]
outcome = "ctri"
treatment = "did"
controls = ["log_loans", "log_freight"]
absorb = ["city_code", "year"]
"""
CURVE = """
[tables.figure_4]
title = "Curve"
kind = "curve"
of = "mine_1.1"
permute = ["start_year", "controls"]

[tables.figure_4.dimensions]
pilots = [
    { name = "no counties", county_level_pilots = "drop", henan_zone = "lead_city" },
    { name = "counties, Henan's three", county_level_pilots = "parent", henan_zone = "all_three" },
]
start_year = [2017, 2018]
weighting = ["entropy", "equal"]
controls = [
    { name = "all" },
    { name = "none", controls = [] },
    { name = "means before", controls = [], baseline = ["log_loans"] },
]
index_form = ["levels", "scaled"]
winsorise = ["by_year", "none"]
sample = [{ name = "all years" }, { name = "before 2020", where = "year < 2020" }]
errors = [{ name = "by city" }, { name = "by province", cluster = ["province"] }]
"""
SIZE = 2 * 2 * 2 * 3 * 2 * 2 * 2 * 2
FEW = {"curve_draws": 19}
DIMENSIONS = ("pilots", "start_year", "weighting", "controls", "index_form", "winsorise", "sample", "errors")
PARTS = ("specifications", "summary", "permuted", "joint_test")


def lake(study, pilots=LISTED, **changed):
    """Staged frames of twelve cities."""
    return {
        ("staging", "city_yearbook"): observations(study, **changed),
        ("staging", "pilot_list"): pilot_list(*pilots),
    }


def run(study, staged=None, settings=FEW, parts=PARTS):
    """Results by key of the column's step and of these parts of the curve, each on what the steps before it gave."""
    study = replace(study, reads="staging")
    options, made = Options.of(settings), {step.key: step for step in steps(study)}
    table = study.table("figure_4")
    keys = [estimate_key(study.specification("mine_1.1")), *(part_key(table, part) for part in parts)]
    tables = dict(staged or lake(study))
    read = {key for name in keys for key in made[name].inputs if key[0] not in ("staging", "estimates")}
    tables |= panel_frames(study, tables, options, read)
    results = {}
    for key in keys:
        inputs = Inputs({name: tables[name] for name in made[key].inputs}, synthetic=False)
        results[key] = made[key].compute(inputs, options)
        tables[key] = results[key].table
    return results


def rows_of(study, results):
    return results[kind.rows_key(study.table("figure_4"))].table


def printed(study, results, *, synthetic=False):
    table = study.table("figure_4")
    keys = (kind.rows_key(table), kind.summary_key(table), kind.joint_key(table))
    page = Page(table, {key: results[key].table for key in keys}, Published(), {}, Options.of(FEW))
    return render_page(page, synthetic=synthetic)
