"""From staged observations to a balanced grid of cities and years: which cities stay, and each cell's value and origin.

No formula of the paper's indices or variables stands here, and nothing that looks at the treatment.
"""
