"""The `resilience` command, as a user types it, in a project folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: Dagster selection of all that Table 4 rests on.
TABLE_4 = ("--select", '+key:"report/table_4"')
#: Dagster selection of all that Table 4 and the real outcomes rest on: a run that takes a third of a full one.
HEADLINE = ("--select", '+key:"report/table_4" or +key:"report/real_2"')


@dataclass(frozen=True)
class Terminal:
    """The `resilience` command in a project folder of its own."""

    root: Path
    variables: Mapping[str, str] = field(default_factory=dict)  # of the environment, for this terminal alone

    def __call__(self, *arguments: str, expect: int = 0) -> str:
        done = self.run(*arguments)
        assert done.returncode == expect, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "resilience_pipeline", *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def json(self, *arguments: str, expect: int = 0):
        return json.loads(self(*arguments, "--json", expect=expect))

    @property
    def environment(self) -> dict[str, str]:
        drop = ("DAGSTER_HOME", "RESILIENCE_LAKE", "RESILIENCE_LANDING")
        kept = {name: value for name, value in os.environ.items() if name not in drop}
        own = {"RESILIENCE_PROJECT": str(self.root), "DAGSTER_DISABLE_TELEMETRY": "yes"}
        return {**kept, **own, **self.variables}
