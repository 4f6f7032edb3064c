"""From a coefficient back to the source cells, and from a cell to the coefficients that rest on it.

What rests on what is declared (`edges.py`) or read from SQL (`sql.py`) and stored with each run (`index.py`); `trace`
and `impact` read that and the lake's tables. Nothing here imports Dagster.
"""
