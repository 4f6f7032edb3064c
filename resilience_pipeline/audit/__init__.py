"""Recomputing what a paper's printed figures imply, and naming where they cannot all hold.

A paper is a folder of data (`paper.py` says which files): its printed figures, statements, variables and design. Each
module of rules reads that record only, never our own results; a rule that lacks its input says so. `rules.py`
lists the rules and runs them, `report.py` prints what they found.
"""
