"""Runs a do-file of ours without Stata: a strict reading of the few commands it may hold, estimated by the kernel.

A line that is not one of these forms fails, and so does a variable that the .dta lacks.
"""

import io
import re

import numpy as np
import pandas as pd
import polars as pl

from resilience_pipeline.econometrics.estimation import estimate
from resilience_pipeline.econometrics.specification import Specification

MISSING = 8.99e307
_COMMAND = re.compile(
    r"(?:quietly )?(?P<command>regress|reghdfe|xtreg) (?P<model>[\w. ]+?)"
    r"(?: if (?P<condition>[^\[,]+(?:\([^)]*\)[^\[,]*)*?))?(?: \[aweight = (?P<weights>\w+)\])?"
    r", (?P<options>[^\[]+)"
)
_OPTION = re.compile(r"(absorb|vce|tolerance)\(([^)]*)\)|(noabsorb|keepsingletons|fe)")


class Program:
    """What a do-file leaves behind: `checked`, the assertions that held; `columns`, the headings of its parts."""

    def __init__(self, text: str, data: dict[str, bytes]) -> None:
        self.checked: list[str] = []
        self.columns: list[str] = []
        self.matching = False
        self._data = data
        lines = text.splitlines()
        assert lines[-1].startswith("display as text")
        start = lines.index("}") + 1
        for line in lines[start:-1]:
            self._run(line)

    def _run(self, line: str) -> None:
        if line.startswith("* ---- "):
            self.matching = line.startswith("* ---- the match")
            self.columns += [] if self.matching else [line.removeprefix("* ---- ").split(":")[0]]
        elif self.matching:  # psmatch2 has a test of its own
            return
        elif not line or line.startswith("* "):
            assert not re.search(r"/\*|\*/|//|[`$]", line), line
        elif found := re.fullmatch(r'use "([\w.]+)", clear', line):
            self._use(found[1])
        elif line == "generate byte in_sample = e(sample)":
            self.frame = self.frame.with_columns(in_sample=pl.Series(self.kept).cast(pl.Int8))
        elif found := re.fullmatch(r"xtset (\w+) (\w+)", line):
            self.unit, self.time = found[1], found[2]
        elif found := re.fullmatch(r"assert (.+)", line):
            assert eval(found[1], self._names()), line
            self.checked.append(found[1])
        else:
            self._estimate(line)

    def _use(self, file: str) -> None:
        frame = pd.read_stata(io.BytesIO(self._data[file]), convert_categoricals=False)
        self.frame = pl.from_pandas(frame)

    def _names(self) -> dict[str, object]:
        terms = {"_cons" if term.term == "const" else term.term: term for term in self.result.terms}
        scalars = {"N": self.result.n_obs, "N_clust": self.result.n_clusters}
        brackets = {
            "_b": {name: term.estimate for name, term in terms.items()},
            "_se": {name: term.std_error for name, term in terms.items()},
        }
        names = {name: name for name in terms}
        return {
            **names,
            **brackets,
            **{name: name for name in scalars},
            "e": scalars.__getitem__,
            "reldif": lambda a, b: abs(a - b) / (abs(b) + 1),
            "abs": abs,
            "sqrt": np.sqrt,
        }

    def _estimate(self, line: str) -> None:
        found = _COMMAND.fullmatch(line)
        assert found, f"no command of ours: {line}"
        options = {a or c: b for a, b, c in _OPTION.findall(found["options"])}
        assert not _OPTION.sub("", found["options"]).strip(), line
        outcome, *regressors = found["model"].split()
        absorb = tuple(effect.replace("#", "^") for effect in options.get("absorb", "").split())
        if found["command"] == "xtreg":
            assert regressors[-1] == f"i.{self.time}"
            regressors, absorb = regressors[:-1], (self.unit, self.time)
        assert (found["command"] == "regress") == (not absorb)
        kind, *clusters = options["vce"].split()
        spec = Specification(
            "do",
            outcome,
            None,
            tuple(regressors),
            absorb=absorb,
            weights=found["weights"],
            vcov={"unadjusted": "iid", "ols": "iid", "robust": "hc1", "cluster": "cluster"}[kind],
            cluster=tuple(clusters),
            ssc="xtreg" if found["command"] == "xtreg" else "reghdfe",
            singletons="drop" if found["command"] == "reghdfe" and "keepsingletons" not in options else "keep",
        )
        rows = [self._meets(found["condition"], row) for row in self.frame.to_dicts()]
        self.result = estimate(spec, self.frame.filter(pl.Series(rows)), engines=("kernel",))
        assert self.result.status == "estimated", (line, self.result.reason)
        self.kept = self._sample(spec, rows)

    def _meets(self, condition: str | None, row: dict[str, object]) -> bool:
        if condition is None:
            return True
        text = re.sub(r"!(?!=)", " not ", condition).replace("&", " and ").replace("|", " or ")
        values = {name: MISSING if value is None else value for name, value in row.items()}
        return bool(eval(text, {"missing": lambda *v: any(x in (MISSING, "") for x in v)}, values))

    def _sample(self, spec: Specification, rows: list[bool]) -> np.ndarray:
        """e(sample), found by estimating: complete rows, without singletons where they are dropped."""
        from resilience_pipeline.econometrics.sample import draw_sample

        numbered = self.frame.with_row_index("place").filter(pl.Series(rows))
        used = draw_sample(Specification(**{**spec.__dict__, "unit": "place"}), numbered).frame["place"]
        return np.isin(np.arange(self.frame.height), used.to_numpy())
