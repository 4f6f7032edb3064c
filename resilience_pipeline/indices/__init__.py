"""From the grid to the composite indices: indicator formulas, weights, and two forms of RES, REC, RST and CTRI.

Gaps are filled before this layer and never here; the regression's variables are made after it.
"""
