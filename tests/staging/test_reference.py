"""The reference tables agree with each other."""

import polars as pl
import pytest

from resilience_pipeline import reference


@pytest.mark.parametrize("name", reference.TABLES)
def test_every_table_loads_with_its_declared_types_and_a_unique_key(name: str) -> None:
    types, key = reference.TABLES[name]
    table = reference.load(name)
    assert table.schema == pl.Schema(types)
    assert table.height > 0
    assert table.select(key).is_unique().all()


def test_a_city_name_belongs_to_one_unit() -> None:
    assert reference.cities()["name"].is_unique().all()


def test_an_alias_means_one_unit_in_every_year() -> None:
    aliases = reference.load("city_aliases").with_columns(
        pl.col("first_year").fill_null(0), pl.col("last_year").fill_null(9999)
    )
    pairs = aliases.join(aliases, on="alias").filter(pl.col("code6") != pl.col("code6_right"))
    overlapping = pairs.filter(
        pl.col("first_year") <= pl.col("last_year_right"), pl.col("first_year_right") <= pl.col("last_year")
    )
    assert overlapping.is_empty()


def test_no_alias_is_the_name_of_another_unit_with_or_without_its_suffix() -> None:
    names = reference.cities().select(
        pl.col("code6").alias("owner"),
        pl.concat_list("name", pl.col("name").str.replace("(市|地区|盟)$", "")).alias("alias"),
    )
    clash = reference.load("city_aliases").join(names.explode("alias"), on="alias")
    assert clash.filter(pl.col("code6") != pl.col("owner")).is_empty()


@pytest.mark.parametrize(
    ("table", "column"), [("city_aliases", "code6"), ("former_codes", "code6"), ("pilot_names", "city_code")]
)
def test_every_reference_to_a_city_has_its_city(table: str, column: str) -> None:
    assert set(reference.load(table)[column]) <= set(reference.cities()["code6"])


def test_a_former_code_is_no_unit_of_today() -> None:
    assert not set(reference.load("former_codes")["former_code"]) & set(reference.cities()["code6"])


def test_a_city_stands_in_the_province_of_its_code() -> None:
    cities = reference.cities().join(reference.load("provinces"), on="province_code", how="left")
    assert cities.filter(pl.col("province_name").ne_missing(pl.col("name_right"))).is_empty()
    assert cities.filter(pl.col("region").ne_missing(pl.col("region_right"))).is_empty()
    assert cities.filter(pl.col("code6").str.head(2) != pl.col("province_code")).is_empty()


def test_municipalities_are_the_four() -> None:
    assert reference.cities().filter(pl.col("type") == "municipality")["name"].to_list() == [
        "北京市",
        "天津市",
        "上海市",
        "重庆市",
    ]


def test_factors_are_positive_and_every_indicator_has_a_unit_that_converts() -> None:
    units = reference.units()
    assert (units["factor"] > 0).all()
    assert set(reference.indicators()["unit"]) <= set(units["canonical_unit"])
    itself = units.filter(pl.col("unit") == pl.col("canonical_unit"))
    assert set(itself["canonical_unit"]) == set(units["canonical_unit"])
    assert (itself["factor"] == 1).all()


def test_factors_of_one_dimension_agree_with_each_other() -> None:
    units = reference.units().filter(pl.col("unit") != pl.col("canonical_unit"))
    pairs = units.join(units, on="canonical_unit").join(units, on="unit", suffix="_other")
    ratio = pairs.join(
        units.select("unit", canonical_unit_other="canonical_unit", there="factor"),
        left_on=["unit_right", "canonical_unit_other"],
        right_on=["unit", "canonical_unit_other"],
    )
    # Printed twice in two canonical units, two printed units keep their ratio: 亿元 is 10,000 times 万元 in both.
    assert (ratio["factor"] / ratio["factor_right"] - ratio["factor_other"] / ratio["there"]).abs().max() < 1e-6


def test_the_pilot_list_has_55_entries_in_54_prefectures() -> None:
    pilots = reference.pilot_names()
    assert pilots["number"].to_list() == list(range(1, 56))
    assert pilots["city_code"].n_unique() == 54
    counts = dict(pilots.group_by("kind").len().iter_rows())
    assert counts == {"municipality": 2, "prefecture": 45, "county": 5, "zone": 3}


def test_huzhou_of_the_list_is_luzhou_and_no_alias_says_so_elsewhere() -> None:
    entry = reference.pilot_names().filter(pl.col("number") == 46)
    assert entry["printed_name"].item() == "Huzhou"
    assert entry["city_code"].item() == "510500"
    assert "Huzhou" not in reference.load("city_aliases")["alias"]


def test_every_city_has_its_place_inside_china_and_near_others_of_its_province() -> None:
    places = reference.city_coordinates()
    assert set(places["city_code"]) == set(reference.cities()["code6"])
    assert places["latitude"].is_between(16.5, 53.6).all()  # Sansha to Mohe
    assert places["longitude"].is_between(73.5, 135.1).all()
    centre = places.group_by(pl.col("city_code").str.head(2)).agg(pl.median("latitude", "longitude"))
    off = places.join(centre, left_on=pl.col("city_code").str.head(2), right_on="city_code")
    # Inner Mongolia and Xinjiang are the widest; two swapped digits put a city farther off.
    assert (off["latitude"] - off["latitude_right"]).abs().max() < 9.5
    assert (off["longitude"] - off["longitude_right"]).abs().max() < 12


@pytest.mark.parametrize(
    ("code", "latitude", "longitude"),
    [
        ("110000", 39.90, 116.41), ("310000", 31.23, 121.47), ("440100", 23.13, 113.26), ("510100", 30.57, 104.07),
        ("650100", 43.83, 87.62), ("540100", 29.65, 91.13), ("230100", 45.80, 126.53), ("460200", 18.25, 109.51),
        ("610100", 34.34, 108.94), ("530100", 25.04, 102.71), ("420100", 30.59, 114.31), ("210200", 38.91, 121.61),
    ],
)  # fmt: skip
def test_the_places_of_known_cities_are_theirs(code: str, latitude: float, longitude: float) -> None:
    """Latitudes and longitudes of city centres as encyclopaedias print them; a seat may stand 0.2 degrees off."""
    place = reference.city_coordinates().row(by_predicate=pl.col("city_code") == code, named=True)
    assert place["latitude"] == pytest.approx(latitude, abs=0.2)
    assert place["longitude"] == pytest.approx(longitude, abs=0.2)


def test_a_table_with_a_repeated_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    types, _ = reference.TABLES["units"]
    monkeypatch.setitem(reference.TABLES, "units", (types, ("canonical_unit",)))
    reference.load.cache_clear()
    with pytest.raises(ValueError, match="repeated"):
        reference.load("units")
    reference.load.cache_clear()
