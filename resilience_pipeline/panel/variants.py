"""Panel tables under several settings of some options, each step computed once for all settings that it cannot see.

A step says which options it reads. Of a chain only the steps that read a varied option, or rest on one that does, are
computed anew; all others are read as they are, and a step's result is kept for every setting in which the options that
it and those before it read have the same values.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from resilience_pipeline.errors import PipelineError, SpecificationError
from resilience_pipeline.options import Options, Value
from resilience_pipeline.panel.chain import behind, computed, study_steps
from resilience_pipeline.sources.registry import SOURCES
from resilience_pipeline.step import Step, TableKey
from resilience_pipeline.study.needs import sources_for, weight_tables
from resilience_pipeline.study.study import Study


@dataclass(frozen=True)
class Variants:
    """What varying some options moves.

    Parameters
    ----------
    steps : the steps to compute anew, inputs before those who read them.
    wanted : the tables that are asked for, moved or not.
    given : the tables to read as they are.
    read : key of a moved step -> options that it or a moved step before it reads.
    """

    steps: tuple[Step, ...]
    wanted: tuple[TableKey, ...]
    given: tuple[TableKey, ...]
    read: Mapping[TableKey, tuple[str, ...]]

    @property
    def options(self) -> tuple[str, ...]:
        """Every option that a moved step reads, the varied ones among them."""
        return tuple(sorted({name for names in self.read.values() for name in names}))


def variants(study: Study, varied: Collection[str], wanted: Sequence[TableKey]) -> Variants:
    """What varying the options moves among the wanted tables and what they rest on.

    Weights of a study under frozen weights are given: no option moves them.

    Raises
    ------
    SpecificationError : an option moves none of the wanted tables, so all of its values would give the same.
    """
    steps: list[Step] = []
    read: dict[TableKey, tuple[str, ...]] = {}
    fixed = set(weight_tables(study)) if study.frozen_weights else set()
    chain = [step for step in study_steps(study, sources_for(study, SOURCES)) if step.key not in fixed]
    for step in behind(chain, wanted):
        before = [name for key in step.inputs for name in read.get(key, ())]
        if before or set(step.options) & set(varied):
            steps.append(step)
            read[step.key] = tuple(dict.fromkeys([*before, *step.options]))
    for name in sorted(set(varied) - {name for names in read.values() for name in names}):
        raise SpecificationError(
            what=f"option {name} moves none of {', '.join('.'.join(key) for key in wanted)}",
            expected="an option that the column's variables, treatment or index rest on",
            remedy=f"take {name} out of the dimensions",
        )
    beneath = [key for step in steps for key in step.inputs]
    given = tuple(dict.fromkeys(key for key in (*beneath, *wanted) if key not in read))
    return Variants(tuple(steps), tuple(wanted), given, read)


@dataclass
class PanelsUnder:
    """The wanted tables under one setting after the other; results are kept between calls.

    Parameters
    ----------
    variants : what is computed. given : the tables that it reads as they are.
    """

    variants: Variants
    given: Mapping[TableKey, pl.DataFrame]
    _kept: dict[tuple[TableKey, tuple[Value, ...]], pl.DataFrame | PipelineError] = field(default_factory=dict)

    def __call__(self, options: Options) -> dict[TableKey, pl.DataFrame]:
        """The wanted tables. Settings that a table does not depend on give the very same object.

        Raises
        ------
        PipelineError : a step's, or of a blocking check that failed.
        """
        tables = dict(self.given)
        for step in self.variants.steps:
            place = step.key, tuple(options[name] for name in self.variants.read[step.key])
            if place not in self._kept:
                self._kept[place] = _computed(step, tables, options)
            result = self._kept[place]
            if isinstance(result, PipelineError):
                raise result
            tables[step.key] = result
        return {key: tables[key] for key in self.variants.wanted}


def _computed(step: Step, tables: Mapping[TableKey, pl.DataFrame], options: Options) -> pl.DataFrame | PipelineError:
    try:
        return computed(step, tables, options)
    except PipelineError as error:
        return error
