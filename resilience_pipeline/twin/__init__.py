"""The synthetic twin: an economy with a planted truth, written as the publishers write, or handed over in memory.

What belongs here: draws, their inversion to raw series, the publishers' layouts, the truth. What does not: anything
of the pipeline that the twin is there to test; only the shared shapes of staged tables are imported.
"""

from resilience_pipeline.twin.economy import Draw, draw
from resilience_pipeline.twin.frames import frames
from resilience_pipeline.twin.write import write

__all__ = ["Draw", "draw", "frames", "write"]
