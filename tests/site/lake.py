"""A lake with a handful of results of the seed study, written by hand: what a page needs, and no run."""

from pathlib import Path

import polars as pl

from resilience_pipeline.report.document import Document
from resilience_pipeline.report.layout import Grid
from resilience_pipeline.sources.delivered import NOTE, Delivered, note_of
from resilience_pipeline.warehouse.lake import Lake

SHA = "ab" * 32
#: A file name that would be a script, were it not escaped.
FILE = "<script>alert(1)</script>年鉴.xlsx"


def write_lake(root: Path, *, effect: float = 0.606, synthetic: bool = True) -> Lake:
    """Table 4, Figure 1, the hypotheses and the referee's sheet, the cities and the sample that they rest on."""
    lake = Lake(root)

    def write(key, table, inputs=(), document=None, **notes):
        kept = notes | ({} if document is None else {"document": document.to_json()})
        versions = {other: lake.current(other).data_version for other in inputs}
        return lake.write(
            key, table, run_id="run_1", code_version="1", inputs=versions, options={}, synthetic=synthetic, notes=kept
        )

    delivered = Delivered(FILE, SHA, 9, (2019,))
    write(("sources", "city_yearbook"), pl.DataFrame({"text": ["1"]}), **{NOTE: note_of([delivered])})
    write(("sources", "wind"), pl.DataFrame({"text": []}, schema={"text": pl.String}))
    write(("grid", "trade_resilience", "cities"), CITIES, [("sources", "city_yearbook"), ("sources", "wind")])
    write(("panel", "trade_resilience", "treatment"), TREATMENT)
    write(("panel", "trade_resilience", "sample"), SAMPLE, [("grid", "trade_resilience", "cities")])
    rests = [("panel", "trade_resilience", "sample")]
    write(("report", "table_4"), pl.DataFrame({"term": ["did"]}), rests, _table_4(effect, synthetic))
    write(("report", "figure_1"), YEARS, rests, _figure_1(synthetic))
    channel = [_claim("H3", "consistent with it", 0.017, "table_9.1.did"), _claim("H3", "", 0.236, "a*b of BUET")]
    claims = pl.DataFrame([_claim("H1", "consistent with it", effect), _claim("H2", "awaiting", None), *channel])
    grid = Grid(("", "Claim"), (("H1", "The pilots raise urban trade resilience"),), prose=True)
    write(("report", "hypotheses"), claims, rests, Document("hypotheses", "Hypotheses", grid, synthetic=synthetic))
    asked = pl.DataFrame(
        {"question": ["When?"], "finding": ["Together, the years differ."], "why": ["Trends."], "result": ["figure_1"]}
    )
    sheet = Grid(("Question", "What was found"), (("When?", "Together, the years differ."),), prose=True)
    write(("report", "referee"), asked, rests, Document("referee", "Questions", sheet, synthetic=synthetic))
    return lake


CITIES = pl.DataFrame(
    {
        "city_code": ["110000", "330100", "540100"],
        "name": ["北京市", "杭州市", "拉萨市"],
        "province": ["北京市", "浙江省", "西藏自治区"],
        "kept": [True, True, False],
        "reason": [None, None, "exports are missing"],
    }
)
TREATMENT = pl.DataFrame({"city_code": ["110000", "330100", "540100"], "year": [2018] * 3, "treat": [0, 1, 0]})
SAMPLE = pl.DataFrame(
    {
        "city_code": ["110000", "330100", "540100"],
        "complete": [True, True, False],
        "reason": [None, None, "the city left: exports are missing"],
    }
)
YEARS = pl.DataFrame(
    {
        "year": [2016, 2017, 2018],
        "base": [False, True, False],
        "policy": [False, False, True],
        "estimate": [0.1, None, 0.6],
        "std_error": [0.1, None, 0.1],
        "p_value": [0.4, None, 0.0],
        "ci_low": [-0.1, None, 0.4],
        "ci_high": [0.3, None, 0.8],
        "band_low": [-0.2, None, 0.3],
        "band_high": [0.4, None, 0.9],
        "adjusted_p_value": [0.5, None, 0.0],
        "status": ["estimated"] * 3,
    }
)


def _claim(name: str, verdict: str, estimate: float | None, part: str = "table_4.3.did") -> dict:
    low, high = (None, None) if estimate is None else (estimate - 0.1, estimate + 0.1)
    statement = "The pilots raise urban trade resilience"
    return {
        **{"hypothesis": name, "statement": statement, "part": part, "estimate": estimate},
        **{"ci_low": low, "ci_high": high, "verdict": verdict},
    }


def _table_4(effect: float, synthetic: bool) -> Document:
    rows = (
        ("Outcome", "CTRI", "", "CTRI"),
        ("did", "3.462***", "4.238***", f"{effect:.3f}***"),
        ("", "(0.668)", "(0.242)", "(0.081)"),
        ("N", "3,091", "3,091", "3,085"),
    )
    grid = Grid(("Variable", "(1)", "paper", "(3)"), rows, published=(2,))
    return Document("table_4", "Benchmark regressions", grid, ("A note & <more>.",), synthetic=synthetic)


def _figure_1(synthetic: bool) -> Document:
    grid = Grid(("Year", "Pilots against others"), (("2016", "0.100"), ("2018", "0.600***")))
    return Document("figure_1", "Event study of the pilots", grid, synthetic=synthetic)
