"""From the raw files that economists hold to every result of a difference-in-differences study.

Data flows one way, one sub-package a layer:
landing files -> sources -> staging -> grid -> indices -> panel -> estimates -> report.
"""

import os

# Matrices here are small: threads of the linear algebra libraries wait for one another, take twice the time, and may
# add in another order. Set before numpy is imported; what the user has set stands.
for _library in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_library, "1")


__version__ = "0.1.0"
