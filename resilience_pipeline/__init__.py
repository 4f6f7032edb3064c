"""From the raw files that economists hold to every result of a difference-in-differences study.

Data flows one way, one sub-package a layer:
landing files -> sources -> staging -> grid -> indices -> panel -> estimates -> report.
"""

__version__ = "0.1.0"
