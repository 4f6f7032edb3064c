"""How far a city lies from the nearest pilot, and whether it lies in a ring around one under the policy.

A policy on supply chains may reach beyond its cities: if neighbours gain, they are no controls, and the difference from
them understates the effect; if they lose trade to pilots, it overstates it (Butts 2023). Rings take them out of the
comparison; a filter on the distance leaves them out of it.
"""

from collections.abc import Collection

import numpy as np
import polars as pl

from resilience_pipeline.econometrics.conley import distances
from resilience_pipeline.grid.wide import KEY
from resilience_pipeline.study.vocabulary import SPILLOVER_COLUMNS


def spillovers(
    treated: pl.DataFrame, places: pl.DataFrame, kilometres: float, pilots: Collection[str] = ()
) -> pl.DataFrame:
    """Distance to the nearest pilot and two rings, by city and year.

    Parameters
    ----------
    treated : the `treatment` table.
    places : city_code, latitude and longitude in degrees, one row per city.
    kilometres : the inner ring reaches from a pilot to here, the outer one from here to twice as far.
    pilots : codes of all pilots; one that left the sample is no row of `treated`, and has neighbours all the same.

    Returns
    -------
    city_code, year, distance_to_pilot_km (0 for a pilot), near_pilot and further_from_pilot: 1 from the start year on
    in cities that are no pilot and lie in the inner and the outer ring, else 0. Null throughout without a pilot list,
    and for a city without a place.
    """
    cities = treated.group_by("city_code").agg(pl.col("treat").first()).sort("city_code")
    located = cities.join(places, on="city_code", how="left", maintain_order="left")
    codes = {*pilots, *located.filter(pl.col("treat") == 1)["city_code"]}
    seats = places.filter(pl.col("city_code").is_in(sorted(codes))).drop_nulls().sort("city_code")
    there = located.select("latitude", "longitude").to_numpy().astype(np.float64)  # null is nan, and stays so
    if seats.is_empty():
        nearest = np.full(located.height, np.nan)
    else:
        nearest = distances(there[:, 0], there[:, 1], *seats.select("latitude", "longitude").to_numpy().T).min(axis=1)
    found = located.select(
        "city_code",
        distance_to_pilot_km=pl.when(pl.col("treat") == 1).then(0.0).otherwise(pl.Series(nearest).fill_nan(None)),
    )
    table = treated.join(found, on="city_code", how="left", maintain_order="left")
    distance = pl.col("distance_to_pilot_km")
    known = pl.col("treat").is_not_null() & distance.is_not_null()

    def ring(low: float, high: float) -> pl.Expr:
        inside = (pl.col("treat") == 0) & (distance > low) & (distance <= high)
        return pl.when(known).then((inside & (pl.col("post") == 1)).cast(pl.Int32))

    return table.with_columns(
        distance_to_pilot_km=pl.when(pl.col("treat").is_not_null()).then(distance),
        near_pilot=ring(-1.0, kilometres),
        further_from_pilot=ring(kilometres, 2 * kilometres),
    ).select(*KEY, *SPILLOVER_COLUMNS)
