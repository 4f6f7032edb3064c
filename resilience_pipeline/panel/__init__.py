"""The analysis panel: treatment, outcomes and controls by city and year, and the account of every value and row.

Listwise deletion is not done here: each specification deletes on its own columns.
"""
