"""Who is treated, and from when: the 55 printed names under the options, then treat, post and did.

The names themselves are resolved in staging; here it is decided only whether and for which cities each counts.
"""

from collections.abc import Mapping

import polars as pl

from resilience_pipeline.grid.wide import KEY

#: Cities of the zone that spans several, by its lead city: the Henan zone lies in Zhengzhou, Kaifeng and Luoyang.
ZONES_OF_SEVERAL_CITIES = {"410100": ("410100", "410200", "410300")}

PILOTS = pl.Schema(
    {
        "number": pl.Int32,
        "printed_name": pl.String,
        "resolved_name": pl.String,
        "kind": pl.String,
        "city_code": pl.String,
        "resolution": pl.String,
        "counts": pl.Boolean,
        "treated_codes": pl.String,  # codes joined by ", "; empty where the name does not count
        "reason": pl.String,  # why it counts as it does
    }
)

OPTIONS = ("county_level_pilots", "zone_pilots", "henan_zone")


def pilots(staged: pl.DataFrame, county_level_pilots: str, zone_pilots: str, henan_zone: str) -> pl.DataFrame:
    """How each printed name counts: one row per name, in printed order, columns of `PILOTS`.

    Parameters
    ----------
    staged : the staged pilot list (staging.schema.PILOTS).
    county_level_pilots : "drop", or "parent" to treat the prefecture around a county-level city.
    zone_pilots : "prefecture", or "drop" to leave all zones out.
    henan_zone : "lead_city", "all_three" or "drop", where zones count at all.
    """

    def judge(kind: str, code: str) -> tuple[tuple[str, ...], str]:
        if kind == "county":
            if county_level_pilots == "drop":
                return (), "not treated: a county-level city is a small part of its prefecture"
            return (code,), "the prefecture around the county-level city counts"
        if kind != "zone":
            return (code,), f"named directly as a {kind}"
        if zone_pilots == "drop":
            return (), "zones are left out"
        if code not in ZONES_OF_SEVERAL_CITIES:
            return (code,), "the zone counts for its prefecture"
        if henan_zone == "drop":
            return (), "the zone spans several cities and is left out"
        if henan_zone == "all_three":
            return ZONES_OF_SEVERAL_CITIES[code], "every city that the zone spans counts"
        return (code,), "the zone counts for the city that leads it"

    judged = [judge(kind, code) for kind, code in staged.select("kind", "city_code").iter_rows()]
    return (
        staged.select(PILOTS.names()[:6])
        .with_columns(
            counts=pl.Series([bool(codes) for codes, _ in judged], dtype=pl.Boolean),
            treated_codes=pl.Series([", ".join(codes) for codes, _ in judged], dtype=pl.String),
            reason=pl.Series([reason for _, reason in judged], dtype=pl.String),
        )
        .cast(PILOTS)
        .sort("number")
    )


def treated_cities(pilots: pl.DataFrame) -> tuple[str, ...]:
    """Codes of the treated cities, sorted, each once though two names may stand for it."""
    codes = pilots.filter("counts")["treated_codes"].str.split(", ").explode()
    return tuple(sorted(codes.unique()))


def treatment(pilots: pl.DataFrame, index: pl.DataFrame, start_year: int) -> pl.DataFrame:
    """treat (a pilot city), post (year >= start_year) and did = treat x post on the rows of `index`, 0 or 1.

    treat and did are null throughout where the pilot list was not delivered.
    """
    treat = pl.col("city_code").is_in(list(treated_cities(pilots))).cast(pl.Int32)
    if pilots.is_empty():
        treat = pl.lit(None, dtype=pl.Int32)
    return index.with_columns(treat=treat, post=(pl.col("year") >= start_year).cast(pl.Int32)).with_columns(
        did=pl.col("treat") * pl.col("post")
    )


def event_time(treated: pl.DataFrame, columns: Mapping[str, int]) -> pl.DataFrame:
    """city_code, year and a dummy per calendar year that is 1 in treated cities in that year.

    Parameters
    ----------
    treated : the `treatment` table; where treat is null (no pilot list), the dummies are, too.
    columns : name -> calendar year.
    """
    dummies = {name: (pl.col("year") == year).cast(pl.Int32) for name, year in columns.items()}
    return treated.select(*KEY, *((pl.col("treat") * dummy).alias(name) for name, dummy in dummies.items()))
